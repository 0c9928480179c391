"""Settings of the company: details, look, mail, points, program team and the joining text."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from vocero.company import services
from vocero.company.queries import house
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.lib.text import render_markdown
from vocero.notices import mail
from vocero.notices.queries import mail_health
from vocero.people import services as people
from vocero.people.models import Member
from vocero.people.places import country_names, zone_choices
from vocero.people.queries import current_consent_text, program_team
from vocero.people.starter import joining_texts
from vocero.web.access import manager, owner, signed_in


class DetailsForm(forms.Form):
    """Name, address, first language and currency."""

    name = forms.CharField(label=gettext_lazy("Name of the company"), max_length=120)
    base_url = forms.CharField(
        label=gettext_lazy("Address that people open"),
        max_length=200,
        help_text=gettext_lazy("The beginning of every link in mails and invitations."),
        widget=forms.URLInput(),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("First language"),
        choices=lambda: settings.LANGUAGES,
        help_text=gettext_lazy("For everybody who has not chosen one. All pages exist in all four languages."),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        choices=[(code, code) for code in services.CURRENCIES],
        help_text=gettext_lazy("Amounts that came in before keep theirs."),
    )


class ZoneForm(forms.Form):
    """The time zone in which days are counted, and the day of the change."""

    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))
    from_on = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted({*zone_choices(), str(self.initial.get("time_zone", "UTC"))})
        self.fields["time_zone"].choices = [(name, name.replace("_", " ")) for name in names]  # type: ignore[attr-defined]


class LookForm(forms.Form):
    """Logo and color."""

    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("JPEG, PNG, WebP or GIF, best with a transparent background."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    own_color = forms.BooleanField(label=gettext_lazy("Use the color of the company"), required=False)
    color = forms.CharField(
        label=gettext_lazy("Color"),
        required=False,
        help_text=gettext_lazy(
            "Buttons and links take it on. It is made lighter or darker where it could not be read."
        ),
        widget=forms.TextInput(attrs={"type": "color"}),
    )


class PointsForm(forms.Form):
    """Points for everybody, for nobody, or not in some countries."""

    enabled = forms.BooleanField(
        label=gettext_lazy("Thank people with points"),
        required=False,
        help_text=gettext_lazy("Off hides every trace of points, for everybody. What was earned is kept."),
    )
    off_countries = forms.MultipleChoiceField(
        label=gettext_lazy("Countries without points"),
        required=False,
        help_text=gettext_lazy("Where a works council or the law would rather do without."),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = country_names(get_language() or "en")
        used = set(Member.objects.exclude(country="").values_list("country", flat=True).distinct())
        shown = used | set(self.initial.get("off_countries", []))
        self.fields["off_countries"].choices = [(code, name) for code, name in names.items() if code in shown]  # type: ignore[attr-defined]


class JoiningTextForm(forms.Form):
    """What joining means, in each language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, name in settings.LANGUAGES:
            self.fields[code] = forms.CharField(
                label=name, required=False, max_length=20_000, widget=forms.Textarea(attrs={"lang": code, "rows": 14})
            )


class PasswordForm(forms.Form):
    """A new password."""

    password = forms.CharField(
        label=gettext_lazy("New password"),
        help_text=gettext_lazy("At least 12 characters. Other devices are signed out."),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


def _is_owner(request: HttpRequest) -> bool:
    return signed_in(request).role == Member.Role.OWNER


@manager
def overview(request: HttpRequest) -> HttpResponse:
    """The company's details; owners change them, the program team reads them."""
    company = house()
    initial = {name: getattr(company, name) for name in ("name", "base_url", "language", "currency")}
    form = DetailsForm(request.POST if request.method == "POST" and _is_owner(request) else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            services.change_details(company, **form.cleaned_data, actor=signed_in(request).public_id, at=clock.now())
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("manager:settings")
    earliest = services.earliest_change_on(house(), clock.now())
    zone = ZoneForm(initial={"time_zone": company.next_time_zone or company.time_zone, "from_on": earliest})
    context = {"form": form, "zone": zone, "company": house(), "is_owner": _is_owner(request), "earliest": earliest}
    return render(request, "manager/settings/company.html", context, status=422 if form.errors else 200)


@owner
@require_POST
def change_zone(request: HttpRequest) -> HttpResponse:
    """Plan another time zone for the company's days."""
    form = ZoneForm(request.POST)
    if form.is_valid():
        try:
            services.change_time_zone(house(), **form.cleaned_data, actor=signed_in(request).public_id, at=clock.now())
            messages.success(request, _("Saved."))
        except Refusal as refusal:
            messages.error(request, str(refusal))
    else:
        messages.error(request, _("Please choose a time zone and a day."))
    return redirect("manager:settings")


@manager
def look(request: HttpRequest) -> HttpResponse:
    """Logo and color."""
    company = house()
    form = LookForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        initial={"color": company.brand_color or "#2053b4", "own_color": bool(company.brand_color)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            save_look(request, form)
        except Refusal as refusal:
            form.add_error("color" if refusal.field == "color" else "logo", str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("manager:settings-look")
    context = {"form": form, "company": company, "is_owner": _is_owner(request)}
    return render(request, "manager/settings/look.html", context, status=422 if form.errors else 200)


def save_look(request: HttpRequest, form: LookForm) -> None:
    """Write a valid form of the look. Raises a Refusal for a picture or a color that cannot be used."""
    given = form.cleaned_data["logo"]
    services.change_look(
        house(),
        color=form.cleaned_data["color"] if form.cleaned_data["own_color"] else "",
        logo=given.read() if given else None,
        drop_logo=bool(request.POST.get("drop_logo")),
        actor=signed_in(request).public_id,
        at=clock.now(),
    )


@manager
def mail_page(request: HttpRequest) -> HttpResponse:
    """Whether mail leaves, a test, and what to do without any."""
    who, at = signed_in(request), clock.now()
    if request.method == "POST":
        send_test(request)
        return redirect("manager:settings-mail")
    context = {
        "mail_works": mail.is_configured(),
        "health": mail_health(at),
        "company": house(),
        "address": who.email,
        "sender": settings.DEFAULT_FROM_EMAIL,
        "example_sender": f"VOCERO_MAIL_FROM={house().name} <voices@example.com>",
        "is_owner": _is_owner(request),
    }
    return render(request, "manager/settings/mail.html", context)


def send_test(request: HttpRequest) -> bool:
    """Send a test mail to whoever asks and say what became of it."""
    who, at = signed_in(request), clock.now()
    outcome = mail.send(who, kind="mail_test", at=at)
    if outcome.sent:
        services.record_mail_test(house(), at=at)
        messages.success(request, _("The mail server took the test mail for %(address)s.") % {"address": who.email})
    elif outcome.state == "off":
        messages.error(request, _("No mail server is set yet: set VOCERO_SMTP_URL and start Vocero again."))
    else:
        messages.error(
            request,
            _("The mail server did not take it (%(code)s). Check VOCERO_SMTP_URL and VOCERO_MAIL_FROM.")
            % {"code": outcome.code},
        )
    return outcome.sent


@owner
def points(request: HttpRequest) -> HttpResponse:
    """Points on or off."""
    company = house()
    initial = {"enabled": company.points_enabled, "off_countries": company.points_off_countries}
    form = PointsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.change_points(company, **form.cleaned_data, actor=signed_in(request).public_id, at=clock.now())
        messages.success(request, _("Saved."))
        return redirect("manager:settings-points")
    return render(request, "manager/settings/points.html", {"form": form, "is_owner": True})


@owner
@sensitive_post_parameters("password")
def team(request: HttpRequest) -> HttpResponse:
    """Owners and program team, and one's own password."""
    who = signed_in(request)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            validate_password(form.cleaned_data["password"], who)
        except ValidationError as error:
            form.add_error("password", error)
        else:
            people.set_own_password(who, password=form.cleaned_data["password"])
            update_session_auth_hash(request, who)
            messages.success(request, _("Your new password is set. Other devices are signed out."))
            return redirect("manager:settings-team")
    context = {"members": program_team(), "form": form, "is_owner": True}
    return render(request, "manager/settings/team.html", context, status=422 if form.errors else 200)


@manager
def joining_text(request: HttpRequest) -> HttpResponse:
    """What joining means: read it, change it. A changed text is a new version for those who join from then on."""
    current = current_consent_text()
    words = current.text if current else joining_texts()
    form = JoiningTextForm(request.POST if request.method == "POST" else None, initial=words)
    if request.method == "POST" and form.is_valid():
        texts = {code: text.replace("\r\n", "\n").strip() for code, text in form.cleaned_data.items()}
        try:
            if {code: text for code, text in texts.items() if text} != words:
                people.publish_joining_text(texts, actor=signed_in(request).public_id, at=clock.now())
            messages.success(request, _("Saved."))
            return redirect("manager:settings-joining")
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    context = {
        "form": form,
        "current": current,
        "shown": render_markdown(words.get(get_language() or "en", "") or next(iter(words.values()), "")),
        "is_owner": _is_owner(request),
    }
    return render(request, "manager/settings/joining.html", context, status=422 if form.errors else 200)
