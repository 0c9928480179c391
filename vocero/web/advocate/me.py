"""Me: my networks and accounts, topics, language and time zone, what is seen by whom, a break, and leaving."""

from datetime import date
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language_info, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from vocero.company.queries import house, main_program
from vocero.content import queries as content
from vocero.content.services import topics as topic_services
from vocero.lib.clock import now
from vocero.lib.words import pick
from vocero.networks.base import ConnectsByOAuth, ConnectsByPassword
from vocero.networks.queries import accounts_of, label_of
from vocero.networks.registry import networks
from vocero.notices import mail, weekly
from vocero.people import services as people
from vocero.people.models import Enrolment, Member
from vocero.people.places import zone_choices
from vocero.people.queries import enrolment_of
from vocero.privacy import services as privacy
from vocero.privacy.export import archive_of
from vocero.web.access import advocate, signed_in
from vocero.web.access import member as member_view
from vocero.web.public.join import network_rows, range_choices, save_networks


@advocate
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """The page; each part of it saves by itself."""
    member, program, company = signed_in(request), main_program(), house()
    followed = set(member.topic_follows.values_list("topic_id", flat=True))
    enrolment = enrolment_of(member, program)
    languages = (request.LANGUAGE_CODE, member.language, company.language)
    connected = accounts_of(member)
    zone = member.time_zone or company.time_zone
    taken = {account.network for account in connected}
    context = {
        "member": member,
        "accounts": [(account, label_of(account.network)) for account in connected],
        "connectable": [
            (network.name, network.label)
            for network in networks()
            if isinstance(network, ConnectsByOAuth | ConnectsByPassword) and network.name not in taken
        ],
        "networks": network_rows(member),
        "ranges": range_choices(),
        "topics": [(one.public_id, pick(one.name, languages), one.pk in followed) for one in content.topics(program)],
        "languages": [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES],
        "zones": sorted({zone, *zone_choices()}),
        "zone": zone,
        "language": member.language or company.language,
        "enrolment": enrolment,
        "paused": enrolment is not None and enrolment.state == Enrolment.State.PAUSED,
        "weekly": weekly.wants(member),
        "has_mail": bool(member.email) and mail.is_configured(),
    }
    return render(request, "advocate/me.html", context)


@advocate
@require_POST
def save_choices(request: HttpRequest) -> HttpResponseBase:
    """Keep the networks that come first and the rough follower ranges."""
    member = signed_in(request)
    save_networks(member, network_rows(member), request)
    return _saved(request, "networks")


@advocate
@require_POST
def save_topics(request: HttpRequest) -> HttpResponseBase:
    """Keep the topics to see first."""
    wanted = set(request.POST.getlist("topic"))
    chosen = [one for one in content.topics(main_program()) if one.public_id in wanted]
    topic_services.follow_topics(signed_in(request), chosen)
    return _saved(request, "topics")


@advocate
@require_POST
def save_reading(request: HttpRequest) -> HttpResponseBase:
    """Keep the language of the pages and the time zone."""
    member = signed_in(request)
    language, zone = request.POST.get("language", ""), request.POST.get("time_zone", "")
    if language not in dict(settings.LANGUAGES) or zone not in available_timezones():
        messages.warning(request, _("Please choose a language and a time zone from the lists."))
        return redirect("advocate:me")
    Member.objects.filter(pk=member.pk).update(language=language, time_zone=zone)
    weekly.choose(member, wanted="weekly" in request.POST, at=now())
    with override(language):
        return _saved(request, "reading")


@advocate
@require_POST
def save_name(request: HttpRequest) -> HttpResponseBase:
    """Keep whether the name may stand beside one's own results."""
    people.show_name(signed_in(request), main_program(), shows="shows_name" in request.POST)
    return _saved(request, "privacy")


@advocate
@require_POST
def take_break(request: HttpRequest) -> HttpResponseBase:
    """Begin or end a break; nothing is sent while it lasts."""
    member, program, at = signed_in(request), main_program(), now()
    if request.POST.get("do") == "end":
        people.resume(member, program, language=request.LANGUAGE_CODE, at=at)
        messages.success(request, _("Welcome back."))
        return redirect("advocate:me")
    people.pause(member, program, language=request.LANGUAGE_CODE, at=at, until_on=_day(request.POST.get("until", "")))
    messages.success(request, _("You are taking a break. Nothing is sent until you end it."))
    return redirect("advocate:me")


@advocate
@require_POST
def leave(request: HttpRequest) -> HttpResponseBase:
    """Leave: everything planned stops at once, accounts are disconnected, links go on working."""
    privacy.leave(signed_in(request), main_program(), language=request.LANGUAGE_CODE, at=now())
    messages.success(request, _("You have left. Nothing will be sent any more. Thank you for having been here."))
    return redirect("public:home")


@member_view
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Give the member everything that Vocero holds of them, as a file."""
    answer = HttpResponse(archive_of(signed_in(request)), content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="vocero-my-data.zip"'
    answer["Cache-Control"] = "no-store"
    return answer


def _saved(request: HttpRequest, place: str) -> HttpResponseBase:
    messages.success(request, _("Saved."))
    response = redirect("advocate:me")
    response["Location"] += f"#{place}"
    return response


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
