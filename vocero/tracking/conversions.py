"""Takes conversions in, once each, and gives credit where a reader's click led to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from vocero.company.models import ApiKey, Installation
from vocero.company.queries import company_day, house
from vocero.lib.errors import Refusal
from vocero.lib.money import MILLION, Money
from vocero.tracking.attribution import UNKNOWN_CLICK, WAITS, Credit, credit_for
from vocero.tracking.models import Click, Conversion

OLDEST: Final = timedelta(days=365)
_CHUNK: Final = 500


class Conflict(Refusal):
    """The same external id was reported before, with other contents."""


class NotAMoment(Refusal):
    """The moment of a conversion is to come, or too long ago."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a site or server says about a conversion; `click_id` is None when its word was missing or not ours."""

    external_id: str
    kind: str
    money: Money | None
    at: datetime
    click_id: int | None = None
    has_unknown_click: bool = False
    is_test: bool = False


def record_conversion(key: ApiKey, reported: Reported, *, at: datetime) -> tuple[Conversion, bool]:
    """Store a conversion and credit it, or let it wait for its click; gives it and whether it was new.

    The external id makes it idempotent: the same report again gives the stored one. What a site's public key reports is
    unverified and kept apart from what a server reports, so neither can take the other's ids. Raises Conflict, NotAMoment.
    """
    if not at - OLDEST <= reported.at <= at + timedelta(minutes=5):
        raise NotAMoment(_("The moment must lie within the last year and not in the future."), field="occurred_at")
    installation = house()
    fresh = _unsaved(key, reported, installation, at=at)
    try:
        with transaction.atomic():
            fresh.save(force_insert=True)
    except IntegrityError:
        known = Conversion.objects.get(program=key.program, external_id=reported.external_id, verified=fresh.verified)
        if (known.kind, known.amount, known.currency) != (fresh.kind, fresh.amount, fresh.currency):
            raise Conflict(
                _("“%(id)s” was reported before with another kind or value."), field="id", id=reported.external_id
            ) from None
        return known, False
    return fresh, True


def credit_waiting(installation: Installation, *, at: datetime) -> int:
    """Look again at the conversions that wait for their click; gives how many wait no longer."""
    settled = 0
    came_in = Exists(Click.objects.filter(pk=OuterRef("click_id")))
    waiting = Conversion.objects.filter(came_in | Q(received_at__lte=at - WAITS), state=Conversion.State.WAITING)
    for conversion in waiting.order_by("pk")[:_CHUNK]:
        credit = _credit(conversion, installation, at=at)
        if credit.state != Conversion.State.WAITING:
            settled += Conversion.objects.filter(pk=conversion.pk, state=Conversion.State.WAITING).update(
                state=credit.state, share_id=credit.share_id, reason=credit.reason
            )
    return settled


def delete_tests(key: ApiKey) -> int:
    """Remove the test conversions of a key; gives how many there were."""
    return Conversion.objects.filter(api_key=key, state=Conversion.State.TEST).delete()[0]


def _unsaved(key: ApiKey, reported: Reported, installation: Installation, *, at: datetime) -> Conversion:
    money = reported.money
    in_ours = money is not None and money.currency == installation.currency
    conversion = Conversion(
        program=key.program,
        api_key=key,
        external_id=reported.external_id,
        kind=reported.kind,
        amount=money.minor if money else None,
        currency=money.currency if money else "",
        company_amount=money.minor if money and in_ours else None,
        rate=MILLION if in_ours else None,
        click_id=reported.click_id,
        reason=UNKNOWN_CLICK if reported.has_unknown_click else "",
        verified=key.kind == ApiKey.Kind.SECRET,
        at=reported.at,
        day_on=company_day(installation, reported.at),
        received_at=at,
    )
    if reported.is_test:
        conversion.state, conversion.reason = Conversion.State.TEST, ""
    else:
        credit = _credit(conversion, installation, at=at)
        conversion.state, conversion.share_id, conversion.reason = credit.state, credit.share_id, credit.reason
    return conversion


def _credit(conversion: Conversion, installation: Installation, *, at: datetime) -> Credit:
    return credit_for(conversion, window=timedelta(days=installation.conversion_window_days), at=at)
