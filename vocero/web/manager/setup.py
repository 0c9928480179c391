"""The first day: a short path of steps that stands on the overview until it is walked or put away."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vocero.company import services
from vocero.company.models import Installation, Program
from vocero.company.queries import house, main_program
from vocero.content.models import Post, Source
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.lib.text import render_markdown
from vocero.lib.words import pick
from vocero.notices import mail
from vocero.people import invitations
from vocero.people import services as people
from vocero.people.models import Invitation, Member
from vocero.people.queries import current_consent_text
from vocero.policy import services as policy
from vocero.policy import starter
from vocero.policy.disclosure import STARTERS
from vocero.policy.queries import current_guideline
from vocero.web.access import manager, signed_in
from vocero.web.manager.people import personal_links
from vocero.web.manager.settings import LookForm, save_look, send_test
from vocero.web.navigation import address_of

DONE, SKIPPED, OPEN = "done", "skipped", ""
INVITED_AT_ONCE: Final = 5

TITLES: Final[dict[str, tuple[str | Promise, str | Promise, str]]] = {
    "look": (
        gettext_lazy("Give it your look"),
        gettext_lazy("Logo and color, on every page and mail."),
        "wand-sparkles",
    ),
    "people": (
        gettext_lazy("Who may be asked"),
        gettext_lazy("Bring in a list of people, or add some by hand."),
        "users",
    ),
    "mail": (gettext_lazy("Test the mail"), gettext_lazy("Invitations and sign-in codes travel by mail."), "mail"),
    "words": (
        gettext_lazy("Guideline and joining text"),
        gettext_lazy("A good start is ready in four languages. Read it and say yes, or rewrite it later."),
        "shield-check",
    ),
    "source": (
        gettext_lazy("A first source"),
        gettext_lazy("Your blog or news page brings in posts by itself."),
        "rss",
    ),
    "offer": (gettext_lazy("Offer a first post"), gettext_lazy("One good post is enough to begin."), "send"),
    "phone": (
        gettext_lazy("Try it on your own phone"),
        gettext_lazy("See what your colleagues will see."),
        "smartphone",
    ),
    "invite": (
        gettext_lazy("Invite five people"),
        gettext_lazy("Begin small, with people who feel like it."),
        "user-plus",
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the path: `state` is done, skipped or empty; `template` holds what is done in place."""

    key: str
    title: str | Promise
    text: str | Promise
    icon: str
    state: str
    is_next: bool

    @property
    def template(self) -> str:
        """The template of what is done in place."""
        return f"manager/first_day/{self.key}.html"


@dataclass(frozen=True, slots=True)
class FirstDay:
    """The path and what its steps show; for `{% include "components/first_day.html" with day=… %}`."""

    steps: list[Step]
    context: dict[str, Any]

    @property
    def done(self) -> int:
        """How many steps are done or skipped."""
        return sum(step.state != OPEN for step in self.steps)

    @property
    def is_walked(self) -> bool:
        """Whether nothing is left to do."""
        return self.done == len(self.steps)


def first_day(company: Installation, program: Program, who: Member) -> FirstDay | None:
    """Give the path, or None when it is walked or was put away. Facts decide what is done; eight queries at most."""
    if company.setup_steps.get("all") == DONE:
        return None
    facts = {
        "look": bool(company.logo_id or company.brand_color),
        "people": Member.objects.filter(is_active=True).exclude(pk=who.pk).exists(),
        "mail": company.mail_tested_at is not None,
        "words": current_guideline() is not None,
        "source": Source.objects.filter(program=program).exists(),
        "offer": Post.objects.filter(program=program, state=Post.State.OFFERED).exists(),
        "phone": False,
        "invite": Invitation.objects.filter(program=program).exists(),
    }
    states = {key: DONE if facts[key] else company.setup_steps.get(key, OPEN) for key in TITLES}
    following = next((key for key, state in states.items() if state == OPEN), "")
    if not following:
        return None
    steps = [Step(key, *TITLES[key], states[key], key == following) for key in TITLES]
    return FirstDay(steps, _shown(company, who))


def _shown(company: Installation, who: Member) -> dict[str, Any]:
    language = get_language() or company.language
    joining = current_consent_text()
    return {
        "look_form": LookForm(initial={"color": company.brand_color or "#2053b4", "own_color": True}),
        "mail_works": mail.is_configured(),
        "address": who.email,
        "guideline": render_markdown(pick(starter.guideline(), [language, "en"]).replace("{company}", company.name)),
        "joining": render_markdown(pick(joining.text, [language, company.language])) if joining else "",
        "wordings": [words.replace("{company}", company.name) for words in STARTERS.get(language, STARTERS["en"])],
        "places": range(1, INVITED_AT_ONCE + 1),
        "is_local": any(name in company.base_url for name in ("//localhost", "//127.", "//[::1]")),
    }


@manager
@require_POST
def step(request: HttpRequest, key: str) -> HttpResponse:
    """Do a step in place, skip it, or bring it back."""
    if key not in TITLES and key != "all":
        raise Http404
    deed = request.POST.get("do", "")
    if deed in {"skip", "done", "again"} or key == "all":
        state = {"skip": SKIPPED, "again": OPEN}.get(deed, DONE)
        services.mark_step(house(), key, state=state)
    elif key == "look":
        _look(request)
    elif key == "mail":
        if send_test(request):
            services.mark_step(house(), key, state=DONE)
    elif key == "words":
        policy.install_starters(at=clock.now(), by=signed_in(request))
        messages.success(
            request, _("Guideline, joining text and disclosure are in force. You can change them any time.")
        )
    elif key == "invite":
        return _invite(request)
    return redirect(address_of("manager:overview") or "public:home")


def _look(request: HttpRequest) -> None:
    form = LookForm(request.POST, request.FILES)
    try:
        if form.is_valid():
            save_look(request, form)
            services.mark_step(house(), "look", state=DONE)
            messages.success(request, _("That is you, on every page now."))
    except Refusal as refusal:
        messages.error(request, str(refusal))


def _invite(request: HttpRequest) -> HttpResponse:
    actor, at, program = signed_in(request).public_id, clock.now(), main_program()
    chosen: list[Member] = []
    for place in range(1, INVITED_AT_ONCE + 1):
        name, email = (request.POST.get(f"{field}-{place}", "").strip() for field in ("name", "email"))
        if not name and not email:
            continue
        known = Member.objects.filter(email=email.lower(), is_active=True).first() if email else None
        try:
            chosen.append(known or people.add_member({"name": name, "email": email}, actor=actor, at=at))
        except Refusal as refusal:
            messages.error(request, f"{name or email}: {refusal}")
    if not chosen:
        messages.info(request, _("Write the name and the work e-mail of at least one person."))
        return redirect(address_of("manager:overview") or "public:home")
    services.mark_step(house(), "invite", state=DONE)
    if mail.is_configured():
        invitations.invite(chosen, program=program, actor=actor, at=at)
        messages.success(request, _("The invitations are on their way."))
        return redirect(address_of("manager:overview") or "public:home")
    links = personal_links(request, chosen, Invitation.Channel.LINK)
    return render(request, "manager/people/links.html", {"handed_over": links})
