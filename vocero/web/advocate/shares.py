"""My shares: what became of each, what it did, and everything that can still be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vocero.company.queries import house, main_program
from vocero.lib.clock import now
from vocero.lib.errors import Refusal
from vocero.networks.queries import label_of
from vocero.networks.registry import UnknownNetwork, get_network
from vocero.people.models import Member
from vocero.policy.rules import load_rules
from vocero.recognition.queries import Thanks, earned_by, points_of, points_on, thanks_for, total_points
from vocero.sharing import queries, services
from vocero.sharing.links import link_address
from vocero.sharing.models import Share
from vocero.sharing.outgoing import outgoing
from vocero.web.access import advocate, signed_in
from vocero.web.advocate.composing import read_when
from vocero.web.advocate.results import Result, clicks_of_member, results_of
from vocero.web.advocate.words import SENT_TO_PEOPLE, Told, file_url, told

State = Share.State


@dataclass(frozen=True)
class ShareRow:
    """A share as its advocate sees it."""

    share: Share
    told: Told
    network: str
    title: str
    result: Result
    points: int
    thanks: Thanks
    image_url: str
    can_cancel: bool
    can_withdraw: bool
    we_withdraw: bool
    is_moving: bool


@advocate
@require_safe
def shares(request: HttpRequest) -> HttpResponse:
    """All my shares, the newest first."""
    member = signed_in(request)
    page = queries.my_shares(member, after=request.GET.get("after", ""))
    context: dict[str, Any] = {"rows": _rows(page.shares, page.received, member), "next_key": page.next_key}
    if "HX-Request" in request.headers and request.GET.get("after"):
        return render(request, "advocate/shares.html#rows", context)
    context |= {
        "clicks": clicks_of_member(member),
        "points": total_points(member, main_program()) if points_on(member) else None,
        "waits_for_guideline": queries.waiting_for_guideline(member),
    }
    return render(request, "advocate/shares.html", context)


@advocate
@require_safe
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """One share: its state, which the page looks after while it is on its way, its result, and what can be done."""
    share = _mine(request, public_id)
    context = _one(share)
    part = "advocate/share.html#state" if "HX-Request" in request.headers else "advocate/share.html"
    return render(request, part, context)


@advocate
@require_safe
def finish(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The last steps of a handoff: copy, open, paste; then one question."""
    share = _mine(request, public_id)
    if share.channel != Share.Channel.HANDOFF or share.state not in {State.STARTED, State.NOT_POSTED}:
        return redirect("advocate:shares-share", public_id)
    network = get_network(share.network)
    draft = outgoing(share, house())
    images = [(file_url(image.file), image.alt) for image in share.images.select_related("file")]
    context = {
        "share": share,
        "network": network,
        "text": network.compose(draft),
        "own_text": draft.text,
        "link": draft.link.url if draft.link else "",
        "address": network.handoff(draft),
        "images": images,
        "picture": images[0][0] if images else "",
        "is_sent": share.network in SENT_TO_PEOPLE,
        "pastes": not network.limits.takes_text,
        "paste_link": network.limits.link_in_text and not network.limits.takes_text,
    }
    return render(request, "advocate/finish.html", context)


@advocate
@require_POST
def answer(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Whether a handoff is out: yes, not now, did not post."""
    share = _mine(request, public_id)
    given = request.POST.get("answer", "")
    if given not in set(services.Answer):
        raise Http404
    services.confirm_handoff(share, given, at=now())
    if given == services.Answer.YES:
        return redirect("advocate:shares-share", public_id)
    if given == services.Answer.DID_NOT_POST:
        messages.info(request, _("Fine, nothing is counted. You can always come back to it."))
    return redirect("advocate:today")


@advocate
@require_POST
def clear_up(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """What the advocate saw of a share that we are not sure about."""
    share = _mine(request, public_id)
    services.clear_up(share, is_out=request.POST.get("answer") == "yes", at=now())
    return redirect("advocate:shares-share", public_id)


@advocate
@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Take a planned share back; its words are kept for another time."""
    share = _mine(request, public_id)
    at = now()
    try:
        services.cancel_share(share, at=at)
    except Refusal as refusal:
        messages.warning(request, str(refusal))
        return redirect("advocate:shares-share", public_id)
    own_text, disclosure = _own_words(share)
    services.keep_draft(
        share.member, share.post, network=share.network, text=own_text, at=at, caption=share.caption,
        disclosure=disclosure, disclosed=share.disclosed,
    )  # fmt: skip
    messages.success(request, _("Taken back. Nothing was sent, and your text is kept."))
    if queries.post_for(share.member, share.post.public_id, at=at) is not None:
        return redirect("advocate:compose", share.post.public_id)
    return redirect("advocate:shares")


@advocate
@require_POST
def withdraw(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Take a share down, or note that the advocate did."""
    share = _mine(request, public_id)
    try:
        services.withdraw_share(share, at=now())
        messages.success(request, _("Taken down."))
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    return redirect("advocate:shares-share", public_id)


@advocate
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Change the words or the moment of a planned share."""
    share = _mine(request, public_id)
    if share.state != State.PLANNED:
        return redirect("advocate:shares-share", public_id)
    context = {"share": share, "network": label_of(share.network), "text": share.text, "when": share.due_wall}
    context["zone"] = share.due_zone or share.member.time_zone or house().time_zone
    if not share.due_wall and share.due_at:
        context["when"] = f"{share.due_at.astimezone(ZoneInfo(str(context['zone']))):%Y-%m-%dT%H:%M}"
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\r\n", "\n")
        wanted = request.POST.get("when", "")
        try:
            _change(share, text, wanted, str(context["when"]), str(context["zone"]), at=now())
        except services.Blocked as blocked:
            context |= {"text": text, "when": wanted, "findings": blocked.findings, "problem": str(blocked)}
            return render(request, "advocate/edit.html", context, status=422)
        except Refusal as refusal:
            key = "when_error" if refusal.field == "when" else "problem"
            context |= {"text": text, "when": wanted, key: str(refusal)}
            return render(request, "advocate/edit.html", context, status=422)
        messages.success(request, _("Changed."))
        return redirect("advocate:shares-share", public_id)
    return render(request, "advocate/edit.html", context)


def _own_words(share: Share) -> tuple[str, str]:
    """Give a share's text without the wording that was put in front of it, and that wording ("" when there is none)."""
    wordings = sorted(load_rules(house()).all_wordings, key=len, reverse=True)
    wording = next((one for one in wordings if share.text.startswith(one)), "")
    return share.text.removeprefix(wording).lstrip(), wording


def _change(share: Share, text: str, wanted: str, before: str, zone: str, *, at: datetime) -> None:
    if wanted != before:
        later = read_when(wanted, zone)
        if later is None:
            raise services.NotShared(_("Choose a day and a time."), field="when")
        services.schedule(share, later=later, at=at)
    if text != share.text:
        services.edit_text(share, text=text, at=at)


def _mine(request: HttpRequest, public_id: str) -> Share:
    share = queries.my_share(signed_in(request), public_id)
    if share is None:
        raise Http404
    return share


def _rows(shares: Sequence[Share], received: dict[int, queries.Received], member: Member) -> list[ShareRow]:
    """Put shares into rows with their figures, points and thanks; the queries do not grow with the shares."""
    results = results_of(shares, received)
    points = points_of(shares) if points_on(member) else {}
    thanks = thanks_for(shares)
    return [_row(share, results[share.pk], points.get(share.pk, 0), thanks[share.pk]) for share in shares]


def _row(share: Share, result: Result, points: int, thanks: Thanks) -> ShareRow:
    try:
        we_withdraw = (
            share.channel == Share.Channel.API and get_network(share.network).withdraws and bool(share.remote_id)
        )
    except UnknownNetwork:
        we_withdraw = False
    return ShareRow(
        share=share,
        told=told(share),
        network=label_of(share.network),
        title=share.post.title or _("A post from the program team"),
        result=result,
        points=points,
        thanks=thanks,
        image_url=file_url(share.post.card_image),
        can_cancel=share.state == State.PLANNED,
        can_withdraw=share.state == State.SENT and share.channel != Share.Channel.PRACTICE,
        we_withdraw=we_withdraw,
        is_moving=share.state == State.SENDING or (share.state == State.PLANNED and not share.due_wall),
    )


def _one(share: Share) -> dict[str, object]:
    """Give what the page of one share shows."""
    (row,) = _rows([share], queries.received_of([share]), share.member)
    at = now()
    seconds = int((share.due_at - at).total_seconds()) if share.state == State.PLANNED and share.due_at else 0
    link = getattr(share, "link", None)
    return {
        "row": row,
        "earned": earned_by(share) if row.points else [],
        "share": share,
        "undo_seconds": max(seconds, 0) if not share.due_wall else 0,
        "is_fresh": (share.out_at is not None and (at - share.out_at).total_seconds() < 120)
        or _just_practised(share, at),
        "link": link_address(link, house()) if link else "",
    }


def _just_practised(share: Share, at: datetime) -> bool:
    return share.channel == Share.Channel.PRACTICE and (at - share.created_at).total_seconds() < 120
