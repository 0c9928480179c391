"""Signing in: a code or a link by mail, a password for those who have one; and signing out."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.core import ratelimit
from allauth.core.internal.cryptokit import compare_user_code
from django import forms
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from vocero.company.queries import installation
from vocero.lib import clock
from vocero.notices import mail
from vocero.people.models import Member
from vocero.people.queries import member_by_email
from vocero.web.access import member, public, signed_in
from vocero.web.public.accounts import member_of_link, sign_in_link

_EMAIL_ATTRS = {"autocomplete": "username", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}


class EmailForm(forms.Form):
    """Asks for the address that the code goes to."""

    email = forms.EmailField(
        label=gettext_lazy("Your work e-mail"), max_length=254, widget=forms.EmailInput(attrs=_EMAIL_ATTRS)
    )


class CodeForm(forms.Form):
    """Asks for the six digits."""

    code = forms.CharField(
        label=gettext_lazy("Six-digit code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "code-input"}
        ),
    )


class PasswordForm(EmailForm):
    """Asks for e-mail and password."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def next_url(request: HttpRequest) -> str:
    """Give the page that was asked for before signing in, if it is one of ours."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    fine = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and fine else ""


def enter(request: HttpRequest, member: Member, *, to: str = "") -> HttpResponse:
    """Sign a member in through allauth, so that whatever it adds later (a second factor) applies to every way in."""
    response: HttpResponse = perform_login(
        request, Login(user=member, email=member.email, redirect_url=to or reverse("public:home"))
    )
    return response


@public
@never_cache
def ask_for_code(request: HttpRequest) -> HttpResponse:
    """The front page of signing in: type your e-mail, get a code. Says the same for known and unknown addresses."""
    if request.user.is_authenticated:
        return redirect(next_url(request) or "public:home")
    if installation() is None:
        return render(request, "public/not_set_up.html")
    form = EmailForm(request.POST or None)
    if request.method == "POST" and mail.is_configured() and form.is_valid():
        email = form.cleaned_data["email"].lower()
        if ratelimit.consume(request, action="request_login_code", key=email):
            _send_code(request, email)
            return redirect(_with_next("public:sign-in-code", next_url(request)))
        form.add_error("email", _("That was often. Please wait a few minutes, then ask for a new code."))
    return _page(request, "public/sign_in.html", form)


def _send_code(request: HttpRequest, email: str) -> None:
    known = member_by_email(email)
    LoginCodeVerificationProcess.initiate(request=request, user=known, email=email)
    if known is None:
        mail.send(email, kind="sign_in_unknown", at=clock.now(), language=getattr(request, "LANGUAGE_CODE", "en"))


@public
@never_cache
def enter_code(request: HttpRequest) -> HttpResponse:
    """Type the six digits that came by mail."""
    stage = LoginStageController.enter(request, "login_by_code")
    process = LoginCodeVerificationProcess.resume(stage) if stage else None
    if process is None:
        if request.method == "POST":
            messages.info(request, _("This code has run out. Please ask for a new one."))
        return redirect(_with_next("public:sign-in", next_url(request)))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if compare_user_code(actual=form.cleaned_data["code"], expected=process.code):
            response: HttpResponse = process.finish(next_url(request) or reverse("public:home"))
            return response
        if not process.record_invalid_attempt():
            messages.warning(request, _("That code did not fit five times. Please ask for a new one."))
            return redirect(_with_next("public:sign-in", next_url(request)))
        form.add_error("code", _("This code does not fit. Check the newest mail from us, or ask for a new code."))
    return _page(request, "public/sign_in_code.html", form, email=process.state.get("email"))


@public
@never_cache
@sensitive_post_parameters("password")
def enter_password(request: HttpRequest) -> HttpResponse:
    """Sign in with e-mail and password."""
    if request.user.is_authenticated:
        return redirect(next_url(request) or "public:home")
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        too_often = _("That was often. Please wait a few minutes and try again.")
        found: Any = None
        if not ratelimit.consume(request, action="login"):
            form.add_error(None, too_often)
            return _page(request, "public/sign_in_password.html", form)
        try:
            found = get_adapter(request).authenticate(
                request, email=form.cleaned_data["email"].lower(), password=form.cleaned_data["password"]
            )
            form.add_error(None, _("E-mail and password do not fit together. Please try again."))
        except ValidationError:
            form.add_error(None, too_often)
        if isinstance(found, Member) and found.is_active:
            return enter(request, found, to=next_url(request))
    return _page(request, "public/sign_in_password.html", form)


@public
@never_cache
def use_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a mailed link: opening it does nothing, its button signs in."""
    if request.user.is_authenticated:
        return redirect("public:home")
    found = member_of_link(token)
    if found is None:
        messages.info(request, _("This link was used already or is too old. Please ask for a new code."))
        return redirect("public:sign-in")
    if request.method == "POST":
        return enter(request, found)
    return render(request, "public/sign_in_link.html", {"name": found.get_short_name()})


@member
@never_cache
@require_POST
def on_phone(request: HttpRequest) -> HttpResponse:
    """Show a code that signs the member's own phone in: once, within fifteen minutes."""
    return render(request, "public/phone.html", {"address": sign_in_link(signed_in(request))})


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out on this device."""
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("public:sign-in")


def _with_next(name: str, wanted: str) -> str:
    return reverse(name) + (f"?{urlencode({REDIRECT_FIELD_NAME: wanted})}" if wanted else "")


def _page(request: HttpRequest, template: str, form: forms.Form, **more: Any) -> HttpResponse:
    context = {"form": form, "next": next_url(request), "mail_works": mail.is_configured(), **more}
    return render(request, template, context, status=422 if form.errors else 200)
