"""The composer: make a post one's own, see what it will look like, share it now or plan it."""

from datetime import timedelta

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vocero.company.queries import house
from vocero.lib.clock import now
from vocero.lib.errors import Refusal
from vocero.networks.base import Channel
from vocero.people.models import Member
from vocero.policy.queries import guideline_to_accept
from vocero.recognition.services import write_note
from vocero.sharing import queries, services, wording
from vocero.sharing.models import Share
from vocero.web.access import advocate, signed_in
from vocero.web.advocate.composing import Desk, Sheet, Typed, read_when
from vocero.web.advocate.rates import is_too_often

CHECKS_A_MINUTE = 60
PAGE = "advocate/compose.html"


class SharedBefore(services.NotShared):
    """The same post went to the same network before; the page asks whether it is meant."""


@advocate
@require_http_methods(["GET", "HEAD", "POST"])
def compose(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The composer's page; its buttons share, plan, take another ready text, or lay the sheet out anew."""
    desk = _desk(request, public_id)
    if request.method != "POST":
        if guideline_to_accept(desk.member) is not None:
            return _to_guideline(public_id)
        return _page(desk, desk.sheet(desk.begin()))
    typed = desk.read(request.POST)
    match request.POST.get("do", "share").partition(":"):
        case ("use", _colon, caption):
            return _use(desk, typed, caption)
        case ("refresh", _colon, _rest):
            desk.keep(typed)
            return _page(desk, desk.sheet(typed), part="sheet")
        case ("plan", _colon, _rest):
            return _share(desk, typed, plan=True)
        case _other:
            return _share(desk, typed, plan=False)


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
    member: Member = signed_in(request)
    post = queries.post_for(member, public_id, at=now())
    if post is None:
        raise Http404
    return Desk(request, member, post, house())


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


def _share(desk: Desk, typed: Typed, *, plan: bool) -> HttpResponseBase:
    """Share or plan; whatever stands in the way is said on the same page, with everything kept."""
    try:
        share = _make(desk, typed, plan=plan)
    except services.GuidelineFirst:
        desk.keep(typed)
        return _to_guideline(desk.post.public_id)
    except services.NotShared as refusal:
        desk.keep(typed)
        sheet = desk.sheet(typed, getattr(refusal, "findings", None))
        if isinstance(refusal, SharedBefore):
            sheet.asks_again = True
        elif refusal.field == "when":
            sheet.when_error = str(refusal)
        else:
            sheet.problem = str(refusal)
        return _page(desk, sheet, status=422)
    name = "advocate:shares-finish" if share.channel == Share.Channel.HANDOFF else "advocate:shares-share"
    return redirect(name, share.public_id)


@transaction.atomic
def _make(desk: Desk, typed: Typed, *, plan: bool) -> Share:
    """Make the share that the form asks for; a button pressed twice makes one. Raises NotShared."""
    Member.objects.select_for_update().get(pk=desk.member.pk)
    option = desk.option(typed.network)
    if option is None:
        raise services.NotShared(_("Choose where to share it first."))
    later = read_when(typed.when, desk.zone) if plan else None
    if plan and later is None:
        raise services.NotShared(_("Choose a day and a time."), field="when")
    if not typed.again and queries.shared_before(desk.member, desk.post, network=typed.network) is not None:
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
    )


def _to_guideline(public_id: str) -> HttpResponseBase:
    return redirect(f"{reverse('advocate:guideline')}?next={reverse('advocate:compose', args=[public_id])}")
