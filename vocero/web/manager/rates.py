"""The rates page: what a click costs as an ad on each network, from where the number is, and since when it holds."""

from dataclasses import dataclass
from datetime import date

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from vocero.company.queries import company_day, house
from vocero.company.services import CURRENCIES
from vocero.lib.clock import now
from vocero.lib.errors import Refusal
from vocero.lib.money import from_millionths
from vocero.measurement import services
from vocero.measurement.models import Rate
from vocero.networks.queries import label_of
from vocero.networks.registry import networks
from vocero.web.access import manager, signed_in


@dataclass(frozen=True, slots=True)
class Shown:
    """A rate in words."""

    public_id: str
    label: str
    base: str
    band: str
    source: str
    source_on: date | None
    from_on: date


def _network_choices() -> list[tuple[str, str]]:
    return [(one.name, str(one.label)) for one in networks() if one.name != "practice"]


class RateForm(forms.Form):
    """What a manager enters: the cost of a click on a network, from a day on, and where the number comes from."""

    network = forms.ChoiceField(label=gettext_lazy("Network"), choices=_network_choices)
    base = forms.DecimalField(label=gettext_lazy("Cost of one click"), min_value=0, max_digits=9, decimal_places=4)
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=[(code, code) for code in CURRENCIES])
    low = forms.DecimalField(
        label=gettext_lazy("At least"), min_value=0, max_digits=9, decimal_places=4, required=False
    )
    high = forms.DecimalField(
        label=gettext_lazy("At most"), min_value=0, max_digits=9, decimal_places=4, required=False
    )
    from_on = forms.DateField(
        label=gettext_lazy("From this day on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    source = forms.CharField(
        label=gettext_lazy("Where the number comes from"),
        max_length=300,
        help_text=gettext_lazy("Such as: our own campaigns in the third quarter."),
    )


@manager
@require_http_methods(["GET", "HEAD", "POST"])
def rates(request: HttpRequest) -> HttpResponse:
    """The page; POST enters a rate."""
    company, at = house(), now()
    today = company_day(company, at)
    form = RateForm(request.POST or None, initial={"currency": company.currency, "from_on": today})
    if request.method == "POST" and form.is_valid():
        try:
            services.set_rate(**form.cleaned_data, by=signed_in(request), at=at)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("Saved. Clicks from that day on are priced with it."))
            return redirect("manager:results-rates")
    waiting = services.unconfirmed_rates(at=at)
    known = list(Rate.objects.filter(confirmed_at__isnull=False).order_by("network", "-from_on"))
    context = {
        "form": form,
        "waiting": [_shown(rate) for rate in waiting],
        "rates": [_shown(rate) for rate in known],
        "currency": company.currency,
        "foreign": sorted({rate.currency for rate in (*waiting, *known)} - {company.currency}),
    }
    return render(request, "manager/rates.html", context, status=422 if form.errors else 200)


@manager
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Use the published rates that wait."""
    services.confirm_starter_rates(by=signed_in(request), at=now())
    messages.success(request, _("Confirmed. Your clicks are priced now."))
    return redirect("manager:results-rates")


@manager
@require_POST
def drop(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a rate away."""
    rate = Rate.objects.filter(public_id=public_id).first()
    if rate is None:
        raise Http404
    services.drop_rate(rate, by=signed_in(request), at=now())
    messages.success(request, _("The rate is gone. Its days are priced by the one before, or not at all."))
    return redirect("manager:results-rates")


def _shown(rate: Rate) -> Shown:
    def cost(millionths: int) -> str:
        return number_format(from_millionths(millionths), 2, use_l10n=True)

    band = f"{cost(rate.low)} – {cost(rate.high)}" if rate.low != rate.high else ""
    return Shown(
        public_id=rate.public_id,
        label=label_of(rate.network),
        base=f"{number_format(from_millionths(rate.base), 2, use_l10n=True)}\u00a0{rate.currency}",
        band=band,
        source=rate.source,
        source_on=rate.source_on,
        from_on=rate.from_on,
    )
