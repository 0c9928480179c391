"""The page of an invitation: opening it changes nothing, its button goes on; a code does the same by hand."""

from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.cache import never_cache

from vocero.company.queries import house
from vocero.lib import clock
from vocero.notices import mail
from vocero.people import invitations
from vocero.people.errors import NotInvited
from vocero.people.models import Invitation, Member
from vocero.web.access import public
from vocero.web.public.language import keep_language
from vocero.web.public.sign_in import EmailForm, enter


class InvitationCodeForm(EmailForm):
    """Asks for the e-mail that was invited and the six digits of the invitation."""

    code = forms.CharField(
        label=gettext_lazy("Six-digit code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code-input"}),
    )


@public
@never_cache
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation in the invited person's language. The same whether it was used before or not."""
    invitation = invitations.find(token)
    if invitation is None:
        return render(request, "public/welcome_unknown.html", status=404)
    with override(_language(request, invitation.member)):
        if request.method == "POST":
            return _go_on(request, invitation)
        at = clock.now()
        context = {
            "name": invitation.member.get_short_name(),
            "token": token,
            "here": mail.base_url() + reverse("public:welcome", args=[token]),
            "is_other": request.user.is_authenticated and request.user != invitation.member,
        }
        expired = invitation.expires_at <= at and invitation.used_at is None
        return render(request, "public/welcome_expired.html" if expired else "public/welcome.html", context)


def _go_on(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if request.POST.get("again") and invitation.expires_at <= clock.now():
        invitations.renew(invitation, at=clock.now())
        return render(request, "public/welcome_renewed.html", {"mail_works": mail.is_configured()})
    member = invitation.member
    if request.user == member:
        return redirect("public:home")
    if _needs_mailed_code(invitation):
        messages.info(request, _("We send you a code by mail, so that nobody else can use this link."))
        return _to_sign_in(request, member)
    try:
        invitations.use(invitation, at=clock.now())
    except NotInvited as refusal:
        messages.info(request, str(refusal))
        return _to_sign_in(request, member)
    return _enter(request, member)


def _to_sign_in(request: HttpRequest, member: Member) -> HttpResponse:
    """Go on to the sign-in page in the language of the invitation."""
    response = redirect("public:sign-in")
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        keep_language(response, _language(request, member))
    return response


def _needs_mailed_code(invitation: Invitation) -> bool:
    """A link that others handed over lets in only with a code by mail, wherever mail can bring one."""
    return invitation.channel != Invitation.Channel.MAIL and bool(invitation.member.email) and mail.is_configured()


@public
@never_cache
def type_code(request: HttpRequest) -> HttpResponse:
    """Go on with the six digits of an invitation, on a phone for example."""
    form = InvitationCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        if not ratelimit.consume(request, action="request_login_code", key=f"invitation:{email}"):
            form.add_error("code", _("That was often. Please wait a few minutes and try again."))
        else:
            try:
                member = invitations.use_code(email, form.cleaned_data["code"], at=clock.now())
                return _enter(request, member)
            except NotInvited as refusal:
                form.add_error("code", str(refusal))
    return render(request, "public/welcome_code.html", {"form": form}, status=422 if form.errors else 200)


def _enter(request: HttpRequest, member: Member) -> HttpResponse:
    if request.user.is_authenticated:
        logout(request)
    return enter(request, member)


def _language(request: HttpRequest, member: Member) -> str:
    """The invited person's language, unless the reader has chosen another one on this device."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen or member.language or house().language
