"""The overview: what needs the program team now, what the next post should be, and last week in one sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from vocero.company.models import Installation, Program
from vocero.company.queries import house, reporting_zone
from vocero.company.revisions import Seen, program_of
from vocero.content import queries as content
from vocero.content.mix import mix_of
from vocero.content.models import Post
from vocero.lib.clock import now
from vocero.lib.periods import PeriodKind, last_closed
from vocero.lib.replica import from_replica
from vocero.lib.words import pick
from vocero.measurement.alldays import AllDays
from vocero.measurement.kpis import is_first
from vocero.measurement.models import SharedPost
from vocero.measurement.services import first_day as first_day_of_figures
from vocero.measurement.spans import Span
from vocero.networks.queries import label_of
from vocero.notices.queries import mail_health
from vocero.people.models import Invitation
from vocero.policy.kept import STOP
from vocero.sharing.models import Share
from vocero.tracking.queries import clicks_lost
from vocero.web.access import manager, signed_in
from vocero.web.context import seen_by
from vocero.web.manager.posts import mix_context
from vocero.web.manager.setup import first_day

UNSHARED_AFTER: Final = timedelta(days=7)
MOST_UNSHARED: Final = 3
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs somebody: what happened, what it means, and the button that mends it."""

    icon: str
    title: str
    text: str
    label: str
    url: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class LastWeek:
    """Last week in one sentence, and the same of the week before it; nothing where there was no such week yet."""

    sentence: str
    against: str
    is_quiet: bool


@manager
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The page."""
    seen, at = seen_by(request), now()
    program, company = program_of(seen), seen.installation or house()
    mix = mix_of(program)
    needs = [*_troubles(program, seen, at), *_chores(request, program, company, at)]
    context = {
        "day": first_day(company, program, signed_in(request)),
        "needs": needs,
        "waiting": content.inbox(program).count(),
        "candidates": content.inbox_candidates_for_mix(program, mix),
        "week": last_week(program, company, at),
        "unshared": posts_nobody_shares(program, at),
        **mix_context(program, mix),
    }
    return render(request, "manager/overview.html", context)


def _troubles(program: Program, seen: Seen, at: datetime) -> Iterator[Need]:
    """What is broken: the stop switch, sources, mail and sends, as counts that name nobody."""
    if STOP.at(seen.company):
        yield Need(
            "octagon-alert", _("Sharing is stopped"), _("Nothing new is sent until somebody releases it."),
            _("Look at it"), f"{reverse('manager:guideline')}#stop", urgent=True,
        )  # fmt: skip
    for trouble in content.sources_in_trouble(program, at):
        yield Need(
            "rss", _("“%(name)s” brings nothing in") % {"name": trouble.source.name}, str(trouble.health.text),
            _("Mend it"), reverse("manager:sources-one", args=[trouble.source.public_id]), urgent=True,
        )  # fmt: skip
    if mail_health(at).is_stuck:
        yield Need(
            "mail-x", _("Mail does not leave"), _("Mails have been waiting since yesterday and none got out."),
            _("Test the mail"), reverse("manager:settings-mail"), urgent=True,
        )  # fmt: skip
    if bounced := Invitation.objects.filter(program=program, bounced_at__gt=at - 4 * _WEEK).count():
        title = ngettext("%(many)s invitation came back", "%(many)s invitations came back", bounced)
        yield Need(
            "mail-x", title % {"many": number_format(bounced)}, _("The address is probably wrong."),
            _("See which"), f"{reverse('manager:people')}?state=bounced",
        )  # fmt: skip
    if uncounted := clicks_lost(at=at):
        title = ngettext("%(many)s click could not be counted", "%(many)s clicks could not be counted", uncounted)
        yield Need(
            "server", title % {"many": number_format(uncounted)},
            _("Within a week. The visitors were sent on. The server’s disk was full or failed: tell whoever runs it."),
            _("See the clicks"), _results(), urgent=True,
        )  # fmt: skip
    lost_by = dict(
        Share.objects.filter(
            program=program,
            state__in=[Share.State.FAILED, Share.State.UNCONFIRMED],
            day_on=None,
            created_at__gt=at - _WEEK,
        )
        .values_list("network")
        .annotate(many=Count("pk"))
        .order_by("-many", "network")
    )
    lost = sum(lost_by.values())
    if lost:
        title = ngettext("%(many)s share did not get out for sure", "%(many)s shares did not get out for sure", lost)
        yield Need(
            "cloud-upload", title % {"many": number_format(lost)},
            _("Within a week: %(networks)s. The people themselves see why and can try again.")
            % {"networks": ", ".join(f"{label_of(network)} {many}" for network, many in lost_by.items())},
            _("See by network"), _results(),
        )  # fmt: skip


def _chores(request: HttpRequest, program: Program, company: Installation, at: datetime) -> Iterator[Need]:
    """What waits for a hand: topics that look empty."""
    languages = (request.LANGUAGE_CODE or "en", company.language)
    few = content.topics_with_few_posts(program, at)
    if few:
        names = ", ".join(f"{pick(one.topic.name, languages)} ({one.live})" for one in few[:4])
        title = ngettext("%(many)s topic has few posts", "%(many)s topics have few posts", len(few))
        yield Need(
            "tag", title % {"many": len(few)}, _("Fewer than four look empty to those who follow them: %(names)s.")
            % {"names": names},
            _("Add a post"), reverse("manager:library-new"),
        )  # fmt: skip


def _results() -> str:
    return f"{reverse('manager:results')}?by=network"


def posts_nobody_shares(program: Program, at: datetime) -> list[Post]:
    """Give live posts that have been offered for a week and that nobody has shared, the oldest first."""
    shared = SharedPost.objects.filter(post=OuterRef("pk"))
    return list(
        content.live_posts(program, at)
        .filter(~Exists(shared), offered_at__lt=at - UNSHARED_AFTER)
        .order_by("offered_at")[:MOST_UNSHARED]
    )


@from_replica
def last_week(program: Program, company: Installation, at: datetime) -> LastWeek:
    """Say in one sentence what the last whole week brought, and what the one before did."""
    period = last_closed(PeriodKind.WEEK, at, reporting_zone(company, at))[0]
    span = Span(period, period.first_on, period.last_on)
    spans = (span, span.before())
    days = AllDays(program.pk, *spans)
    facts = [
        (days.shares(one).total, days.unique_clicks(one), days.conversions(one, company.currency).count)
        for one in spans
    ]
    now, then = (_said(*one) for one in facts)
    begins_on = first_day_of_figures(at, company)
    return LastWeek(
        sentence=now if period.last_on >= begins_on else "",
        against="" if is_first(span, begins_on) else then,
        is_quiet=not any(map(any, facts)),
    )


def _said(shares: int, clicks: int, conversions: int) -> str:
    if not (shares or clicks or conversions):
        return _("nothing was shared and nobody clicked")
    parts = {
        "shares": ngettext("%(many)s share", "%(many)s shares", shares)
        % {"many": number_format(shares, use_l10n=True, force_grouping=True)},
        "clicks": ngettext("%(many)s click", "%(many)s clicks", clicks)
        % {"many": number_format(clicks, use_l10n=True, force_grouping=True)},
        "conversions": ngettext("%(many)s result", "%(many)s results", conversions)
        % {"many": number_format(conversions, use_l10n=True, force_grouping=True)},
    }
    return _("%(shares)s, %(clicks)s and %(conversions)s") % parts
