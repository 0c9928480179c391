"""Forms of the people pages: a person, a team, a segment, an uploaded list and its columns."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from vocero.people.columns import FIELDS
from vocero.people.models import Member, PeopleImport, Segment, Team
from vocero.people.places import country_names, zone_choices
from vocero.people.queries import TeamRow, locations, team_rows

TOP = "top"


def team_choices(rows: list[TeamRow] | None = None) -> list[tuple[str, str]]:
    """Give all teams as choices, those below others moved in."""
    return [
        (row.team.public_id, "\u2003" * row.depth + row.team.name) for row in (team_rows() if rows is None else rows)
    ]


def find_team(public_id: str) -> Team | None:
    """Give the team of a public id that is not archived."""
    return Team.objects.filter(public_id=public_id, archived_at=None).first() if public_id else None


class MemberForm(forms.Form):
    """What the list knows of a person."""

    name = forms.CharField(label=_("Full name"), max_length=150)
    email = forms.EmailField(
        label=_("Work e-mail"),
        max_length=254,
        required=False,
        help_text=_("People sign in with it. Leave it empty for somebody without one: they get a printed code."),
    )
    team = forms.ChoiceField(label=_("Team"), required=False)
    job_title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    location = forms.CharField(label=_("Location"), max_length=120, required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = _("as the company")
        choices: dict[str, list[tuple[str, Any]]] = {
            "team": [("", "—"), *team_choices()],
            "country": [("", "—"), *((code, name) for code, name in country_names(get_language() or "en").items())],
            "language": [("", company), *settings.LANGUAGES],
            "time_zone": [("", company), *((name, name.replace("_", " ")) for name in zone_choices())],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]
        zone = self.initial.get("time_zone")
        if zone and zone not in dict(choices["time_zone"]):
            self.fields["time_zone"].choices = [*choices["time_zone"], (zone, zone)]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, member: Member, data: Any = None) -> "MemberForm":
        """Give the form of somebody who is in the list."""
        kept = ("name", "email", "job_title", "location", "country", "language", "time_zone")
        initial = {name: getattr(member, name) or "" for name in kept}
        initial["team"] = member.team.public_id if member.team else ""
        return cls(data, initial=initial)

    def values(self) -> dict[str, Any]:
        """Give the fields as the services take them."""
        return {**self.cleaned_data, "team": find_team(self.cleaned_data["team"])}


class TeamForm(forms.Form):
    """A team's name and its place in the tree."""

    name = forms.CharField(label=_("Name"), max_length=120)
    parent = forms.ChoiceField(label=_("Belongs to"), required=False)

    def __init__(self, *args: Any, rows: list[TeamRow] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = [("", _("nothing: it stands at the top")), *team_choices(rows)]  # type: ignore[attr-defined]


class MergeForm(forms.Form):
    """The team that another one becomes a part of."""

    into = forms.ChoiceField(label=_("Merge it into"))

    def __init__(self, *args: Any, rows: list[TeamRow] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].choices = [("", "—"), *team_choices(rows)]  # type: ignore[attr-defined]


class SegmentForm(forms.Form):
    """A group that posts are offered to."""

    name = forms.CharField(label=_("Name"), max_length=80)
    teams = forms.MultipleChoiceField(
        label=_("Teams"),
        required=False,
        help_text=_("With everything below them. None chosen: all teams."),
        widget=forms.CheckboxSelectMultiple,
    )
    locations = forms.MultipleChoiceField(
        label=_("Locations"), required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"})
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        required=False,
        choices=lambda: settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.initial.get("locations", [])
        self.fields["teams"].choices = team_choices()  # type: ignore[attr-defined]
        self.fields["locations"].choices = [(place, place) for place in sorted({*locations(), *kept})]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, segment: Segment, name: str, data: Any = None) -> "SegmentForm":
        """Give the form of a segment there is."""
        initial = {
            "name": name,
            "teams": [team.public_id for team in segment.teams.all()],
            "locations": segment.locations,
            "languages": segment.languages,
        }
        return cls(data, initial=initial)

    def chosen_teams(self) -> list[Team]:
        """Give the chosen teams."""
        return list(Team.objects.filter(public_id__in=self.cleaned_data["teams"], archived_at=None))


class ListForm(forms.Form):
    """An uploaded people list."""

    file = forms.FileField(
        label=_("List of people"),
        help_text=_("CSV or XLSX, as it comes out of your personnel system. Up to 50,000 lines and 10 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xls,.ods"}),
    )


class ColumnsForm(forms.Form):
    """Which column of an uploaded list holds what."""

    def __init__(self, uploaded: PeopleImport, data: Any = None) -> None:
        super().__init__(data, initial={name: str(place) for name, place in uploaded.mapping.items()})
        first = uploaded.rows[0][1] if uploaded.rows else []
        offered: list[tuple[str, Any]] = [("", _("not in the list"))]
        for place, head in enumerate(uploaded.columns):
            sample = first[place] if place < len(first) else ""
            shown = head or _("Column %(number)s") % {"number": place + 1}
            offered.append((str(place), f"{shown} ({sample[:30]})" if sample else shown))
        for name, label in FIELDS.items():
            self.fields[name] = forms.ChoiceField(label=label, choices=offered, required=False)

    def mapping(self) -> dict[str, int]:
        """Give the chosen columns, counted from 0."""
        return {name: int(place) for name, place in self.cleaned_data.items() if place}
