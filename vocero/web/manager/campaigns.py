"""Campaigns: named efforts that posts belong to and that links carry in utm_campaign."""

from typing import Any

from django import forms
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vocero.company.queries import company_day, house, main_program
from vocero.content import queries, services
from vocero.content.models import Campaign
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.web.access import manager
from vocero.web.toasts import say

TEMPLATE = "manager/campaigns.html"


class CampaignForm(forms.Form):
    """Name, code and days of a campaign; the code cannot change later."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Appears in the links as utm_campaign. Leave it blank and it is made from the name."),
        max_length=60,
        required=False,
    )
    starts_on = forms.DateField(
        label=gettext_lazy("First day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    ends_on = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    @classmethod
    def of(cls, campaign: Campaign, data: Any = None) -> "CampaignForm":
        """Give the form of a campaign that is there: its code is shown elsewhere."""
        initial = {name: getattr(campaign, name) for name in ("name", "starts_on", "ends_on")}
        form = cls(data, initial=initial, prefix=campaign.public_id)
        del form.fields["code"]
        return form


@manager
def campaigns(request: HttpRequest) -> HttpResponse:
    """All campaigns with their posts; a form for a new one."""
    form, status = CampaignForm(prefix="new"), 200
    if request.method == "POST":
        form = CampaignForm(request.POST, prefix="new")
        if form.is_valid():
            try:
                services.add_campaign(main_program(), at=clock.now(), **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                say(request, _("The campaign is there. Choose it in the editor of a post."))
                return redirect("manager:campaigns")
        status = 422
    return _page(request, form, status=status)


@manager
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a campaign's name and days, or put it away."""
    campaign = Campaign.objects.filter(program=main_program(), public_id=public_id, archived_at=None).first()
    if campaign is None:
        raise Http404
    if request.method != "POST":
        return redirect("manager:campaigns")
    if request.POST.get("do") == "archive":
        services.archive_campaign(campaign, at=clock.now())
        say(request, _("Put away. Its posts and figures keep it."))
        return redirect("manager:campaigns")
    form = CampaignForm.of(campaign, request.POST)
    if form.is_valid():
        try:
            services.edit_campaign(campaign, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            say(request, _("Saved."))
            return redirect("manager:campaigns")
    return _page(request, CampaignForm(prefix="new"), status=422, typed={campaign.pk: form})


def _page(
    request: HttpRequest, form: CampaignForm, *, status: int = 200, typed: dict[int, CampaignForm] | None = None
) -> HttpResponse:
    today = company_day(house(), clock.now())
    rows = [
        {
            "campaign": campaign,
            "posts": campaign.post_count,
            "form": (typed or {}).get(campaign.pk) or CampaignForm.of(campaign),
            "is_open": campaign.pk in (typed or {}),
            "is_over": bool(campaign.ends_on and campaign.ends_on < today),
        }
        for campaign in queries.campaigns(main_program()).annotate(post_count=Count("posts"))
    ]
    return render(request, TEMPLATE, {"form": form, "rows": rows}, status=status)
