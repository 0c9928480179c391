"""The first questions of a new installation in the browser, behind the one-time token that the console printed."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from vocero.company import services as company
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.people import services as people
from vocero.people.models import Member
from vocero.people.places import zone_choices
from vocero.web.access import public
from vocero.web.public.sign_in import enter

FIELDS = {"company": "company_name"}


class SetUpForm(forms.Form):
    """Everything that a company needs to begin."""

    company_name = forms.CharField(
        label=_("Name of your company"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    owner_name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    owner_email = forms.EmailField(
        label=_("Your work e-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("A password for you"),
        help_text=_("At least 12 characters. Your colleagues will not need one."),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
    )
    base_url = forms.CharField(
        label=_("Address that people will open"),
        help_text=_("The beginning of every link and invitation. Phones have to reach it too."),
        max_length=200,
        widget=forms.URLInput(),
    )
    time_zone = forms.ChoiceField(label=_("Time zone in which days are counted"))
    language = forms.ChoiceField(label=_("First language"), choices=lambda: settings.LANGUAGES)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in company.CURRENCIES])
    points = forms.BooleanField(
        label=_("Thank people with points"),
        help_text=_(
            "A small thank-you for shares that people click. It can be switched off later, also for one country."
        ),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(name, name.replace("_", " ")) for name in zone_choices()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Check the password against name and e-mail too."""
        told = super().clean() or {}
        if not told.get("password"):
            return told
        try:
            validate_password(
                told["password"], Member(name=told.get("owner_name", ""), email=told.get("owner_email", ""))
            )
        except ValidationError as error:
            self.add_error("password", error)
        return told


@public
@never_cache
@sensitive_post_parameters("password")
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, make the company and its owner, and sign the owner in."""
    if not company.is_setup_token(token):
        if company.setup_token() is None:
            return redirect("public:home")
        raise Http404
    language = getattr(request, "LANGUAGE_CODE", "en")
    form = SetUpForm(
        request.POST or None,
        initial={
            "base_url": f"{request.scheme}://{request.get_host()}",
            "time_zone": _usual_zone(language),
            "language": language if language in dict(settings.LANGUAGES) else "en",
            "currency": "PLN" if language == "pl" else "EUR",
            "points": True,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            _house, owner = people.set_up_company(**form.cleaned_data, at=clock.now())
            return enter(request, owner)
        except Refusal as refusal:
            field = FIELDS.get(refusal.field or "", refusal.field or "")
            form.add_error(field if field in form.fields else None, str(refusal))
    context = {"form": form, "rules": password_validators_help_texts()}
    return render(request, "public/setup.html", context, status=422 if form.errors else 200)


def _usual_zone(language: str) -> str:
    return {"es": "Europe/Madrid", "it": "Europe/Rome", "pl": "Europe/Warsaw"}.get(language, "Europe/London")
