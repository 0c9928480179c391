"""The page of all parts in all states; only in debug and in tests. Its samples are not translated."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from vocero.networks.limits import Counting, Limits
from vocero.web import charts
from vocero.web.access import public
from vocero.web.composer import Card, Composer, ComposerNetwork
from vocero.web.figures import Difference, Figure
from vocero.web.tables import Column, Table

LONGEST_NAME = "Wilhelmina Brzęczyszczykiewicz-Konstantynopolitańczykowianeczka"
MONTH = 30
WEEKS = [f"{day} {month}" for month, days in (("Sep", (7, 14, 21, 28)), ("Oct", (5, 12, 19, 26))) for day in days]
CLICKS: list[float | None] = [212, 240, 198, 305, 331, 290, 412, 388]
VISITORS: list[float | None] = [160, 181, 150, 214, 240, 205, 301, 280]


class SampleForm(forms.Form):
    """A form with one field of each kind."""

    name = forms.CharField(label="Name", help_text="As colleagues know you.")
    email = forms.EmailField(label="Work e-mail")
    team = forms.ChoiceField(label="Team", choices=[("a", "Warehouse and logistics"), ("b", "People")], required=False)
    about = forms.CharField(label="About you", widget=forms.Textarea, required=False)
    topics = forms.MultipleChoiceField(
        label="Topics you like",
        choices=[("s", "Sustainability"), ("l", "Logistics"), ("o", "Odpowiedzialność społeczna")],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        initial=["s"],
    )
    cadence = forms.ChoiceField(
        label="How often may we write?",
        choices=[("w", "Once a week"), ("m", "Once a month"), ("n", "Never")],
        widget=forms.RadioSelect(attrs={"class": "cards"}),
        initial="w",
    )
    photo = forms.FileField(label="Picture", required=False, help_text="JPEG, PNG or WebP, up to 10 MB.")
    agree = forms.BooleanField(label="I have read the guideline", help_text="It takes three minutes.")


def _figures() -> list[Figure]:
    how = "Valid first clicks of each visitor, link and day. Bots, previews and your own clicks are left out."
    spark = [8, 9, 7, 12, 14, 13, 17, 16, 19]
    return [
        Figure("Clicks", "9,413", "measured", icon="mouse-pointer-click", how=how, spark=spark,
               difference=Difference("+28 %", "than in October (7,354)", "up")),
        Figure("Reactions", "1,204", "reported", icon="heart", how="As Mastodon and Bluesky told us.", spark=spark[::-1],
               difference=Difference("−9 %", "than in October (1,323)", "down")),
        Figure("Shares", "312", "self-reported", icon="send", how="Published by us, or told by the person.",
               difference=Difference("as many", "as in October (312)")),
        Figure("Possible reach", "184,200", "estimated", unit="people", icon="radar",
               note="The first month, so there is nothing to compare with yet.", how="Followers of 146 people together."),
    ]  # fmt: skip


def _charts() -> dict[str, charts.Chart]:
    clicks = charts.Series("Clicks", CLICKS)
    visitors = charts.Series("Daily visitors", VISITORS)
    low = [None, None, None, None, None, None, 380, 330]
    high = [None, None, None, None, None, None, 450, 450]
    parts = [charts.Series(name, [4, 7, 3, 8, 6, 9, 11, 8]) for name in ("Measured", "Reported", "Self-reported")]
    days = [f"{day} Nov" for day in range(1, MONTH + 1)]
    return {
        "line": charts.line("Clicks and visitors", "per week", WEEKS, [clicks, visitors]),
        "band": charts.line("Expected clicks", "per week", WEEKS, [charts.Series("Clicks", CLICKS, low, high)]),
        "gap": charts.line("With a gap", "per week", WEEKS, [charts.Series("Clicks", [5, 8, None, None, 9, 12, 11, 14])]),
        "bars": charts.bars("Shares", "per day", days, [charts.Series("Shares", [(day * 7) % 23 for day in range(MONTH)])]),
        "pair": charts.bars("This month and the last", "shares per week", WEEKS[:4],
                            [charts.Series("October", [31, 44, 28, 39]), charts.Series("November", [40, 41, 52, 48])]),
        "stacked": charts.stacked("Shares by certainty", "per week", WEEKS, parts),
        "ranked": charts.ranked("Clicks by network", "clicks", [("LinkedIn", 5210), ("Mastodon", 1980), ("Bluesky", 1204),
                                                                ("WhatsApp and other private messages", 311)]),
        "mix": charts.mix_ring(5, 3, 2),
        "empty": charts.line("Nothing yet", "per week", [], [charts.Series("Clicks", [])]),
    }  # fmt: skip


def _composer(text: str, *, findings: tuple[Any, ...] = ()) -> Composer:
    after = "\n\nI work at Northwind.\nhttps://go.northwind.example/l/a8Kd92LmQx1"
    networks = [
        ComposerNetwork("linkedin", "LinkedIn", Limits(characters=3000), after=after, is_chosen=True,
                        note="LinkedIn takes no text from us: you paste it in three steps."),
        ComposerNetwork("mastodon", "Mastodon", Limits(characters=500, link_length=23), handle="@marta@norden.social", after=after),
        ComposerNetwork("bluesky", "Bluesky", Limits(characters=300, counting=Counting.GRAPHEMES), after=after),
        ComposerNetwork("x", "X", Limits(characters=280, counting=Counting.WEIGHTED, link_length=23), is_first=False, after=after),
        ComposerNetwork("whatsapp", "WhatsApp", Limits(), is_first=False, after=after),
        ComposerNetwork("practice", "Practice", Limits(), is_first=False, note="Nothing leaves Vocero here."),
    ]  # fmt: skip
    card = Card("How our night shift fixed the packing line", "Marta and her team shortened a 40-minute changeover to nine.",
                "blog.northwind.example")  # fmt: skip
    return Composer(text, networks, "Marta Kowalska", card, findings, nudge="One or two sentences of your own go a long way.",
                    badges=["5 points"], autosave_key="styleguide",
                    help="Change what you like. The link and who you work for stay.")  # fmt: skip


def _findings() -> tuple[Any, ...]:
    return (
        SimpleNamespace(level="block", words="Project Aurora", message="This is not public yet.",
                        advice="Leave it out for now; the rest is fine."),
        SimpleNamespace(level="advise", words="Northwnd", message="The name is written differently.", advice="Write Northwind."),
        SimpleNamespace(level="ok", words="", message="It says that you work here.", advice=""),
    )  # fmt: skip


def samples(request: HttpRequest) -> dict[str, Any]:
    """Give everything that the page shows."""
    columns = [
        Column("name", "Post", sort="name"),
        Column("topic", "Topic"),
        Column("clicks", "Clicks", sort="clicks", number=True),
    ]
    bound = SampleForm({"name": "", "email": "marta@", "topics": ["s"], "cadence": "w"})
    return {
        "figures": _figures(),
        "charts": _charts(),
        "form": SampleForm(),
        "bound": bound,
        "composer": _composer(
            "Nine minutes instead of forty. I watched the team try, fail and try again. Proud of them."
        ),
        "findings": _findings(),
        "table": Table(request.GET, columns, default="-clicks"),
        "page_obj": Paginator(range(400), 20).page(7),
        "longest": LONGEST_NAME,
        "marks": {
            dt.date(2026, 11, 24): [("Open day in Gdańsk", "#")],
            dt.date(2026, 11, 26): [("Night shift story", "#")],
        },
        "networks": ["linkedin", "mastodon", "bluesky", "x", "facebook", "instagram", "threads", "whatsapp", "email"],
        "sample_image": "/static/img/icon-512.png",
    }


@public
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every part in every state."""
    return render(request, "styleguide/page.html", samples(request))


@public
def shell(request: HttpRequest, name: str) -> HttpResponse:
    """Show an empty shell of one audience."""
    return render(request, f"styleguide/{name}.html", samples(request))


urlpatterns = [
    path("styleguide", styleguide, name="styleguide"),
    path("styleguide/<slug:name>", shell, name="styleguide-shell"),
]
