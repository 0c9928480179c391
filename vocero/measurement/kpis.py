"""The figures of a stretch of days that follow from the roll-ups by the definitions of the KPIs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils.translation import gettext_lazy as _

from vocero.lib.money import Money
from vocero.measurement import queries
from vocero.measurement.adoption import Adoption
from vocero.measurement.alldays import AllDays
from vocero.measurement.definitions import (
    DEFINITIONS,
    KINDS,
    LEAST_PEOPLE,
    REASONS,
    REFERENCE_AUDIENCE,
    Certainty,
    Definition,
    Text,
    Value,
)
from vocero.measurement.models import SoFar
from vocero.measurement.rates import MediaValue
from vocero.measurement.spans import Span


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a value that is surer or less sure than the rest, or a side of it."""

    name: Text
    value: Value
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Something that is not in the value, why, and how much of it there was (None where it cannot be counted or was not)."""

    reason: Text
    amount: Value | None = None


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure of a stretch of days, as it may be shown: never a bare number.

    `value` is None when there is none to show; `withheld` then says why. `previous` is the same figure of the stretch
    before, None when that cannot be said; `is_first` then says that there was none before, `uncompared` another reason.
    """

    definition: Definition
    span: Span
    value: Value | None
    certainty: Certainty
    previous: Value | None = None
    parts: tuple[Part, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    low: Value | None = None
    high: Value | None = None
    withheld: Text = ""
    note: Text = ""
    is_first: bool = False
    uncompared: Text = ""

    @property
    def code(self) -> str:
        """The code of its definition."""
        return self.definition.code

    @property
    def change_rate(self) -> Decimal | None:
        """The change against the stretch before, in per cent of it, to one decimal; None without something to compare."""
        now, then = _number(self.value), _number(self.previous)
        if now is None or not then:
            return None
        return ((now - then) * 100 / abs(then)).quantize(Decimal("0.1"), ROUND_HALF_EVEN)


def compute(
    program: int,
    span: Span,
    currency: str,
    days: AllDays | None = None,
    *,
    opened: str = "",
    begins_on: date = date.min,
) -> dict[str, Kpi]:
    """Give every KPI of a stretch by code, said against the stretch before, in a constant number of queries.

    `days` are those of `days_of`, when a page needs them for more than this. `opened` is the code of the one whose
    exclusions are shown: shares that are not out are counted only for it, since each of them is looked at. Before
    `begins_on` nothing could happen yet: a stretch that was over by then is not compared with.
    """
    now, then = _read(program, span, currency, days or days_of(program, span), opened)
    made = [
        *_adoption(now, then),
        _participation(now, then),
        _shares(now, then),
        *_clicks(now, then),
        _engagement(now, then),
        *_reach(now, then),
        *_conversions(now, then),
        _media_value(now, then),
    ]
    if is_first(span, begins_on):
        made = [replace(kpi, previous=None, is_first=True) for kpi in made]
    return {kpi.code: kpi for kpi in made}


def is_first(span: Span, begins_on: date) -> bool:
    """Say whether the stretch before this one was over when the first day with figures came."""
    return span.before().last_on < begins_on


def days_of(program: int, span: Span, *, today: date = date.max) -> AllDays:
    """Give the days that the KPIs of a stretch are made of: its own and those of the stretch before."""
    return AllDays(program, span, span.before(), today=today)


@dataclass(frozen=True)
class _Facts:
    """What the roll-ups say about one stretch."""

    span: Span
    adoption: Adoption
    advocates: int
    shares: queries.Shares
    clicks: queries.Clicks
    engagement: queries.Engagement
    conversions: queries.Conversions
    media_value: MediaValue
    reach: SoFar
    average_audience: tuple[int, int]
    uncounted: dict[str, int] | None


def _read(program: int, span: Span, currency: str, days: AllDays, opened: str) -> tuple[_Facts, _Facts]:
    """Read a stretch and the one before it together."""
    spans = (span, span.before())
    adoption = queries.adoption(program, *spans)
    people = queries.people_so_far(program, *spans)
    clicks = days.clicks()
    audience = queries.average_audience()
    uncounted = queries.uncounted_shares(program, span) if opened == "shares" else None
    now, then = (
        _Facts(
            span=one,
            adoption=adoption[at],
            advocates=people[at].advocates,
            shares=days.shares(one),
            clicks=clicks[at],
            engagement=days.engagement(one),
            conversions=days.conversions(one, currency),
            media_value=days.media_value(one),
            reach=people[at],
            average_audience=audience,
            uncounted=uncounted,
        )
        for at, one in enumerate(spans)
    )
    return now, then


def _kpi(code: str, span: Span, value: Value | None, **more: object) -> Kpi:
    definition = DEFINITIONS[code]
    known: dict[str, object] = {"certainty": definition.certainty}
    return Kpi(definition, span, value, **(known | more))  # type: ignore[arg-type]


def _adoption(now: _Facts, then: _Facts) -> Iterable[Kpi]:
    pairs = (
        ("invited", now.adoption.invited, then.adoption.invited),
        ("joined", now.adoption.joined, then.adoption.joined),
        ("active", now.advocates, then.advocates),
    )
    shown, comparable = (facts.adoption.invited >= LEAST_PEOPLE for facts in (now, then))
    few_asked = 0 < abs(now.adoption.invited - then.adoption.invited) < LEAST_PEOPLE
    for code, value, previous in pairs:
        if shown:
            tells = code == "joined" and few_asked  # what those few answered
            yield _kpi(
                code,
                now.span,
                value,
                previous=previous if comparable and not tells else None,
                uncompared=_("Not compared: only few people were invited since.") if comparable and tells else "",
            )
        else:
            yield _kpi(code, now.span, None, withheld=_("Appears when five people are invited."))


def _participation(now: _Facts, then: _Facts) -> Kpi:
    if now.adoption.invited < LEAST_PEOPLE:
        return _kpi("participation", now.span, None, withheld=_("Appears when five people are invited."))
    if not now.adoption.joined:
        return _kpi("participation", now.span, None, withheld=_("Nobody has joined yet."))
    previous = _per_cent(then) if then.adoption.invited >= LEAST_PEOPLE else None
    return _kpi("participation", now.span, _per_cent(now), previous=previous)


def _per_cent(facts: _Facts) -> Decimal | None:
    if not facts.adoption.joined:
        return None
    rate = Decimal(facts.advocates * 100) / facts.adoption.joined
    return min(rate, Decimal(100)).quantize(Decimal("0.1"), ROUND_HALF_EVEN)


def _shares(now: _Facts, then: _Facts) -> Kpi:
    started, unconfirmed = (
        None if now.uncounted is None else now.uncounted.get(state, 0) for state in ("started", "unconfirmed")
    )
    return _kpi(
        "shares",
        now.span,
        now.shares.total,
        previous=then.shares.total,
        certainty=Certainty.SELF_REPORTED if now.shares.self_reported else Certainty.MEASURED,
        parts=(
            Part(_("published by us"), now.shares.published, Certainty.MEASURED),
            Part(_("proved by a click"), now.shares.measured, Certainty.MEASURED),
            Part(_("told by the person"), now.shares.self_reported, Certainty.SELF_REPORTED),
        ),
        exclusions=(
            Exclusion(_("begun and not known to be out"), started),
            Exclusion(_("sent, and the network did not confirm it"), unconfirmed),
            Exclusion(_("practice shares")),
        ),
    )


def _clicks(now: _Facts, then: _Facts) -> Iterable[Kpi]:
    left_out = tuple(Exclusion(REASONS[reason], count) for reason, count in now.clicks.excluded)
    again = Exclusion(_("the same visitor again, on the same link and day"), now.clicks.valid - now.clicks.unique)
    yield _kpi("clicks", now.span, now.clicks.valid, previous=then.clicks.valid, exclusions=left_out)
    yield _kpi("unique_clicks", now.span, now.clicks.unique, previous=then.clicks.unique, exclusions=(*left_out, again))
    yield _kpi(
        "daily_visitors",
        now.span,
        now.clicks.visitors,
        previous=then.clicks.visitors,
        exclusions=left_out,
        note=_("Nobody is followed from one day to the next, so a person who comes on two days counts twice."),
    )


def _engagement(now: _Facts, then: _Facts) -> Kpi:
    return _kpi(
        "engagement",
        now.span,
        now.engagement.total,
        previous=then.engagement.total,
        parts=(
            Part(_("reactions"), now.engagement.reactions, Certainty.REPORTED),
            Part(_("comments"), now.engagement.comments, Certainty.REPORTED),
            Part(_("reshares"), now.engagement.reshares, Certainty.REPORTED),
        ),
        exclusions=(Exclusion(_("networks that tell us nothing, and shares finished by hand")),),
    )


def _reach(now: _Facts, then: _Facts) -> Iterable[Kpi]:
    told, advocates = now.reach.people, now.advocates
    all_read = now.reach.numbers > 0 and now.reach.read == now.reach.numbers
    if told < LEAST_PEOPLE:
        yield _kpi("potential_reach", now.span, None, withheld=_("Appears when five people have told their followers."))
    else:
        yield _kpi(
            "potential_reach",
            now.span,
            (now.reach.low + now.reach.high) // 2,
            low=now.reach.low,
            high=now.reach.high,
            previous=(then.reach.low + then.reach.high) // 2 if then.reach.people >= LEAST_PEOPLE else None,
            certainty=Certainty.REPORTED if all_read else Certainty.SELF_REPORTED,
            parts=(Part(_("people whose followers are known"), told, Certainty.MEASURED),),
            exclusions=(Exclusion(_("people who shared and told nothing"), max(advocates - told, 0)),),
            note=_("This is who could see it, not who did."),
        )
    average, people = now.average_audience
    own = people >= LEAST_PEOPLE
    average = average if own else REFERENCE_AUDIENCE
    if now.adoption.invited < LEAST_PEOPLE:
        yield _kpi("plain_reach", now.span, None, withheld=_("Appears when five people are invited."))
        return
    yield _kpi(
        "plain_reach",
        now.span,
        now.adoption.joined * average,
        previous=then.adoption.joined * average if then.adoption.invited >= LEAST_PEOPLE else None,
        parts=(
            Part(_("people who joined"), now.adoption.joined, Certainty.MEASURED),
            Part(
                _("followers on average, from your own people") if own else _("connections on average (LinkedIn)"),
                average,
                Certainty.SELF_REPORTED if own else Certainty.ESTIMATED,
            ),
        ),
    )


def _conversions(now: _Facts, then: _Facts) -> Iterable[Kpi]:
    found = now.conversions
    left_out = (
        Exclusion(_("told by a page in the browser, which nobody can verify"), found.unverified),
        Exclusion(_("no valid click before them"), found.not_credited),
        Exclusion(_("waiting for their click"), found.waiting),
    )
    yield _kpi(
        "conversions",
        now.span,
        found.count,
        previous=then.conversions.count,
        parts=tuple(Part(KINDS[kind], count, Certainty.MEASURED) for kind, count in found.by_kind),
        exclusions=left_out,
    )
    apart = tuple(
        Exclusion(_("no rate into the company’s currency"), Money(amount, unit)) for unit, amount in found.without_rate
    )
    yield _kpi(
        "credited_value",
        now.span,
        Money(found.value, found.currency),
        previous=Money(then.conversions.value, found.currency),
        exclusions=(*apart, *left_out),
    )


def _media_value(now: _Facts, then: _Facts) -> Kpi:
    found = now.media_value
    unpriced = tuple(
        Exclusion(_("clicks on networks that are not priced"), count) for count in [sum(n for _w, n in found.unpriced)]
    )
    if not found.bands:
        return _kpi("emv", now.span, None, withheld=_("Not priced: no rate is confirmed."), exclusions=unpriced)
    first, *others = sorted(found.bands, key=lambda band: band.base.currency != now.conversions.currency)
    former = next((band.base for band in then.media_value.bands if band.base.currency == first.base.currency), None)
    return _kpi(
        "emv",
        now.span,
        first.base,
        low=first.low,
        high=first.high,
        previous=former,
        parts=tuple(Part(_("in another currency, not converted"), band.base, Certainty.ESTIMATED) for band in others),
        exclusions=unpriced,
        note=_("A comparison only. It is neither revenue nor a return, and it is never added to anything."),
    )


def _number(value: Value | None) -> Decimal | None:
    if value is None:
        return None
    return Decimal(value.minor if isinstance(value, Money) else value)
