"""The composer: make a post one's own, see what it will look like, share it now or plan it."""

from datetime import timedelta

from django.contrib import messages
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vocero.lib.clock import now
from vocero.lib.errors import Refusal
from vocero.networks.base import Channel
from vocero.people.models import Member
from vocero.recognition.services import write_note
from vocero.sharing import services, wording
from vocero.sharing.models import Share
from vocero.sharing.standing import offered_post, post_for, standing_of
from vocero.web.access import NotTakingPart, advocate, advocate_by_itself, signed_in
from vocero.web.advocate.composing import Desk, Sheet, Typed, read_when
from vocero.web.advocate.earlier import begun_before
from vocero.web.advocate.rates import is_too_often
from vocero.web.context import seen_by

CHECKS_A_MINUTE = 60
PAGE = "advocate/compose.html"


class SharedBefore(services.NotShared):
    """The same post went to the same network before, or is about to; the page asks whether it is meant."""


@advocate_by_itself
@require_http_methods(["GET", "HEAD", "POST"])
def compose(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The composer's page; its buttons share, plan, take another ready text, or lay the sheet out anew."""
    do, _colon, which = request.POST.get("do", "share").partition(":")
    try:
        if request.method == "POST" and do not in {"use", "refresh"}:
            return _share(request, public_id, plan=do == "plan")
        desk = _desk(request, public_id)
    except NotTakingPart:
        return redirect("public:join")
    if request.method != "POST":
        return _page(desk, desk.sheet(desk.begin())) if desk.standing.reader.accepted else _to_guideline(public_id)
    typed = desk.read(request.POST)
    if do == "use":
        return _use(desk, typed, which)
    desk.keep(typed)
    return _page(desk, desk.sheet(typed), part="sheet")


@advocate
@require_POST
def compose_checks(request: HttpRequest, public_id: str) -> HttpResponse:
    """The findings on what is typed so far, and the draft kept; at most sixty times a minute."""
    desk = _desk(request, public_id)
    typed = desk.read(request.POST)
    desk.keep(typed)
    if is_too_often(desk.member, "checks", most=CHECKS_A_MINUTE, within=timedelta(minutes=1)):
        return render(request, "advocate/compose.html#slowly", {}, status=429)
    return render(request, "advocate/compose.html#findings", {"sheet": desk.sheet(typed)})


@advocate
@require_POST
def compose_thanks(request: HttpRequest, public_id: str, share_id: str) -> HttpResponseBase:
    """Thank a colleague whose name stands beside their share."""
    member = signed_in(request)
    share = Share.objects.filter(public_id=share_id, post__public_id=public_id).first()
    if share is None:
        raise Http404
    try:
        write_note(share, author=member, text=request.POST.get("note", ""), at=now())
        messages.success(request, _("Your note stands beside the share now."))
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    return redirect("advocate:compose", public_id)


def _desk(request: HttpRequest, public_id: str) -> Desk:
    """Read where the member stands before the post, in one query. Raises NotTakingPart, and Http404."""
    at, seen = now(), seen_by(request)
    standing = standing_of(signed_in(request), seen, post=offered_post(public_id, seen))
    if not standing.reader.takes_part:
        raise NotTakingPart
    post = post_for(standing, public_id, at=at)
    if post is None:
        raise Http404
    return Desk(request, post, standing, at=at)


def _page(desk: Desk, sheet: Sheet, *, status: int = 200, part: str = "") -> HttpResponse:
    name = f"{PAGE}#{part}" if part and "HX-Request" in desk.request.headers else PAGE
    return render(desk.request, name, {"sheet": sheet, "undo": int(services.UNDO.total_seconds())}, status=status)


def _use(desk: Desk, typed: Typed, chosen: str) -> HttpResponse:
    """Begin again with another ready text; what was one's own can be brought back."""
    if chosen == "earlier":
        typed.text, typed.earlier = typed.earlier, ""
    else:
        before = wording.opening_text(desk.post, typed.caption)
        typed.earlier = typed.text if wording.is_personalized(typed.text, before) else ""
        captions = desk.captions(typed.network)
        typed.caption = next((one for one in captions if one.public_id == chosen), typed.caption)
        typed.text = wording.opening_text(desk.post, typed.caption)
    desk.keep(typed)
    return _page(desk, desk.sheet(typed), part="sheet")


def _share(request: HttpRequest, public_id: str, *, plan: bool) -> HttpResponseBase:
    """Share or plan; whatever stands in the way is said on the same page, with everything kept.

    A button pressed twice makes one share: the second waits for the first, and reads what there is only then.
    """
    with transaction.atomic():
        _one_at_a_time(signed_in(request))
        desk = _desk(request, public_id)
        typed = desk.read(request.POST)
        made = _made_or_refused(desk, typed, plan=plan)
    if isinstance(made, Share):
        name = "advocate:shares-finish" if made.channel == Share.Channel.HANDOFF else "advocate:shares-share"
        return redirect(name, made.public_id)
    return _refused(desk, typed, made)


def _one_at_a_time(member: Member) -> None:
    """Let one request of a member share after the other; SQLite lets only one transaction write anyhow."""
    if connection.features.has_select_for_update:
        Member.objects.select_for_update().values_list("pk").get(pk=member.pk)


def _refused(desk: Desk, typed: Typed, refusal: services.NotShared) -> HttpResponseBase:
    desk.keep(typed)
    if isinstance(refusal, services.GuidelineFirst):
        return _to_guideline(desk.post.public_id)
    sheet = desk.sheet(typed, getattr(refusal, "findings", None))
    if isinstance(refusal, SharedBefore):
        sheet.before = begun_before(typed.network, desk.standing.earlier)
    elif refusal.field == "when":
        sheet.when_error = str(refusal)
    else:
        sheet.problem = str(refusal)
    return _page(desk, sheet, status=422)


def _made_or_refused(desk: Desk, typed: Typed, *, plan: bool) -> Share | services.NotShared:
    try:
        return _make(desk, typed, plan=plan)
    except services.NotShared as refusal:
        return refusal


def _make(desk: Desk, typed: Typed, *, plan: bool) -> Share:
    """Make the share that the form asks for. Raises NotShared, before anything is written."""
    option = desk.option(typed.network)
    if option is None:
        raise services.NotShared(_("Choose where to share it first."))
    later = read_when(typed.when, desk.zone) if plan else None
    if plan and later is None:
        raise services.NotShared(_("Choose a day and a time."), field="when")
    if not typed.again and begun_before(typed.network, desk.standing.earlier):
        raise SharedBefore("")
    return services.share_post(
        desk.member,
        desk.post,
        network=typed.network,
        text=typed.text,
        at=desk.at,
        language=desk.language(typed),
        caption=typed.caption,
        account=option.account if option.network.channel is Channel.API else None,
        images=desk.images_sent(typed, typed.network),
        later=later,
        disclosure=typed.disclosure,
        disclosed=typed.disclosed,
        standing=desk.standing,
    )


def _to_guideline(public_id: str) -> HttpResponseBase:
    return redirect(f"{reverse('advocate:guideline')}?next={reverse('advocate:compose', args=[public_id])}")
