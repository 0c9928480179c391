"""The forms of a post: everything the editor asks, the short one of the inbox, and what they make of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Program
from vocero.company.queries import installation
from vocero.content import queries, services
from vocero.content.languages import NAMES, language_name
from vocero.content.models import Kind, Origin, Post, Purpose
from vocero.content.services import CaptionText, PostDetails
from vocero.lib.words import pick
from vocero.networks.registry import networks

CAPTIONS = "captions"


def reading_order() -> tuple[str, ...]:
    """Give the languages in which words that people wrote are shown: the reader's, then the company's; one query."""
    return (get_language() or "en", default_language())


def language_choices(blank: Any, *more: str) -> list[tuple[str, Any]]:
    """Give the languages to choose from, and those that stand somewhere though they are not among them."""
    others = {code: language_name(code) for code in more if code and code not in NAMES}
    return [("", blank), *NAMES.items(), *others.items()]


def network_choices() -> list[tuple[str, str]]:
    """Give the networks that a post or caption can be meant for; practice shows whatever there is."""
    return [(network.name, str(network.label)) for network in networks() if network.name != "practice"]


class WordsChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # no subscript at run time
    """Rows with names in several languages, chosen by their public ids, shown in the reader's language."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            queryset=None,
            to_field_name="public_id",
            required=False,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
            **options,
        )

    def label_from_instance(self, obj: Any) -> str:
        self.order = getattr(self, "order", None) or reading_order()
        return pick(obj.name, self.order) or str(obj.public_id)


class PurposesField(forms.MultipleChoiceField):
    """One to three E."""

    def __init__(self) -> None:
        super().__init__(
            label=_("What it does for the reader"),
            help_text=_("One is enough. All three is rare and wonderful."),
            choices=Purpose.choices,
            required=False,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        )


class SelfCheckField(forms.BooleanField):
    """The question before every offer."""

    def __init__(self) -> None:
        super().__init__(label=_("Yes, I would post this on my own profile"), required=False)


class AboutFields(forms.Form):
    """What the inbox and the editor both ask."""

    kind = forms.ChoiceField(label=_("What it is about"), choices=[("", _("Choose…")), *Kind.choices], required=False)
    origin = forms.ChoiceField(
        label=_("Where it comes from"),
        choices=Origin.choices,
        required=False,
        widget=forms.RadioSelect(attrs={"class": "chips"}),
    )
    purposes = PurposesField()
    topics = WordsChoice(label=_("Topics"))

    def __init__(self, program: Program, *args: Any, post: Post, **options: Any) -> None:
        super().__init__(*args, **options)
        self.program = program
        topics: Any = self.fields["topics"]
        topics.queryset = _with_own(queries.topics(program), post.topics.all())
        if not topics.queryset:
            del self.fields["topics"]

    def add_problems(self, problems: Mapping[str, Any]) -> None:
        """Show what a service refused at the fields it belongs to."""
        for name, message in problems.items():
            self.add_error(name if name in self.fields else None, str(message))


class OfferForm(AboutFields):
    """The short way from the inbox: one caption and what is needed to offer it to everybody."""

    text = forms.CharField(
        label=_("Caption"),
        help_text=_("The text that colleagues can share as it is. They can always change it."),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-grow": ""}),
    )
    language = forms.ChoiceField(label=_("Language of the caption"))
    would_post_myself = SelfCheckField()

    field_order = ("text", "language", "origin", "kind", "purposes", "topics", "would_post_myself")

    def __init__(self, program: Program, *args: Any, post: Post, **options: Any) -> None:
        super().__init__(program, *args, post=post, **options)
        field: Any = self.fields["language"]
        field.choices = language_choices(_("Choose…"), post.language)[1:]

    @classmethod
    def of(cls, post: Post) -> "OfferForm":
        """Give the form filled with what the source decided and the feed said."""
        caption = post.captions.filter(archived_at=None).first()
        initial = {
            "text": caption.text if caption else post.title,
            "language": (caption.language if caption else post.language) or default_language(),
            "kind": post.kind,
            "origin": post.origin,
            "purposes": post.purposes,
            "topics": [topic.public_id for topic in post.topics.all()],
        }
        return cls(post.program, post=post, initial=initial)

    def details(self, post: Post) -> PostDetails:
        """Give the post's details with what was typed here; its other captions stay."""
        data = self.cleaned_data
        first = post.captions.filter(archived_at=None).first()
        others = post.captions.filter(archived_at=None).exclude(pk=first.pk) if first else []
        own = CaptionText(language=data["language"], text=data["text"], public_id=first.public_id if first else "")
        return replace(
            services.details_of(post),
            kind=data["kind"],
            origin=data["origin"],
            purposes=tuple(data["purposes"]),
            topics=tuple(data.get("topics", ())),
            captions=(own, *as_texts(others)),
        )


class PostForm(AboutFields):
    """Everything about a post but its captions and pictures."""

    url = forms.CharField(
        label=_("Link"), max_length=2000, required=False, widget=forms.URLInput(attrs={"placeholder": "https://"})
    )
    title = forms.CharField(label=_("Title"), max_length=300, required=False)
    description = forms.CharField(
        label=_("Description"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-grow": ""}),
    )
    site_name = forms.CharField(label=_("Website"), max_length=120, required=False)
    language = forms.ChoiceField(label=_("Language of the linked page"), required=False)
    campaign: Any = forms.ModelChoiceField(
        label=_("Campaign"), queryset=None, to_field_name="public_id", required=False, empty_label=_("None")
    )
    segments = WordsChoice(label=_("For whom"), help_text=_("Choose nothing and everybody who takes part sees it."))
    networks_allowed = forms.MultipleChoiceField(
        label=_("Only on these networks"),
        help_text=_("Choose nothing and it can go to all of them."),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
    )
    hashtags = forms.CharField(
        label=_("Hashtags"),
        help_text=_("Separated by spaces, at most ten. Two or three read best."),
        max_length=700,
        required=False,
    )
    why_share = forms.CharField(
        label=_("Why share it"),
        help_text=_("One sentence to colleagues: what is in it for the people who follow them."),
        max_length=280,
        required=False,
    )
    expires_at = forms.DateTimeField(
        label=_("Not after"),
        help_text=_("In your own time zone. After this moment nobody can share it; links that are out go on working."),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    featured = forms.BooleanField(
        label=_("Show it first"), help_text=_("At most five posts stand first; the oldest makes room."), required=False
    )
    would_post_myself = SelfCheckField()
    seen_at = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, program: Program, *args: Any, post: Post, **options: Any) -> None:
        super().__init__(program, *args, post=post, **options)
        fields: dict[str, Any] = self.fields
        fields["language"].choices = language_choices(_("Not known"), post.language)
        own = [post.campaign] if post.campaign else []
        fields["campaign"].queryset = _with_own(queries.campaigns(program), own)
        fields["segments"].queryset = _with_own(queries.segments(program), post.segments.all())
        fields["networks_allowed"].choices = network_choices()
        for name in ("campaign", "segments"):
            if not fields[name].queryset:
                del fields[name]

    @classmethod
    def of(cls, post: Post) -> "PostForm":
        """Give the form filled with a stored post."""
        initial = {
            "url": post.url,
            "title": post.title,
            "description": post.description,
            "site_name": post.site_name,
            "kind": post.kind,
            "origin": post.origin,
            "purposes": post.purposes,
            "topics": [topic.public_id for topic in post.topics.all()],
            "campaign": post.campaign.public_id if post.campaign else "",
            "language": post.language,
            "segments": [segment.public_id for segment in post.segments.all()],
            "networks_allowed": post.networks_allowed,
            "hashtags": " ".join(f"#{tag}" for tag in post.hashtags),
            "why_share": post.why_share,
            "expires_at": post.expires_at,
            "featured": post.featured_at is not None,
            "would_post_myself": post.state == Post.State.OFFERED,
            "seen_at": post.updated_at.isoformat(),
        }
        return cls(post.program, post=post, initial=initial)

    def was_changed_meanwhile(self, post: Post) -> bool:
        """Say whether somebody saved the post after this form was drawn."""
        seen = self.data.get("seen_at", "")
        return bool(seen) and seen != post.updated_at.isoformat()

    def mark_seen(self, moment: datetime) -> None:
        """Draw the form as one that knows the post as it was saved at a moment."""
        data: Any = self.data
        data = data.copy()
        data["seen_at"] = moment.isoformat()
        self.data = data

    def details(self, captions: tuple[CaptionText, ...], *, standing: PostDetails) -> PostDetails:
        """Give what was typed as the post's details; a field that is not asked keeps what stands."""
        data = self.cleaned_data
        return PostDetails(
            url=data["url"],
            title=data["title"],
            description=data["description"],
            site_name=data["site_name"],
            kind=data["kind"],
            origin=data["origin"],
            purposes=tuple(data["purposes"]),
            topics=tuple(data["topics"]) if "topics" in data else standing.topics,
            campaign=data.get("campaign", standing.campaign),
            language=data["language"],
            segments=tuple(data["segments"]) if "segments" in data else standing.segments,
            networks_allowed=tuple(data["networks_allowed"]),
            hashtags=services.clean_hashtags(data["hashtags"]),
            why_share=data["why_share"],
            expires_at=data["expires_at"],
            featured=data["featured"],
            captions=captions,
        )


class CaptionForm(forms.Form):
    """One caption: language, network and text; without text there is none."""

    public_id = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput())
    language = forms.ChoiceField(label=_("Language"))
    network = forms.ChoiceField(label=_("For"), required=False)
    text = forms.CharField(
        label=_("Text"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 5, "data-grow": ""})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["language"].choices = language_choices("", str(self.initial.get("language", "")))[1:]
        fields["network"].choices = [("", _("Every network")), *network_choices()]

    @property
    def tab(self) -> str:
        """What the caption's tab says: its language and network as they stand now."""
        language, network = self["language"].value() or "", self["network"].value() or ""
        labels = dict(network_choices())
        return f"{language_name(language)} · {labels.get(network, network)}" if network else language_name(language)

    @property
    def is_new(self) -> bool:
        """Whether nothing was typed here yet."""
        return not (self["text"].value() or "").strip()


CaptionForms = forms.formset_factory(CaptionForm, extra=1, max_num=60, validate_max=True)


def captions_of(post: Post, data: Any = None) -> Any:
    """Give the forms of a post's captions and one empty one, in a language that has none yet."""
    standing = list(post.captions.filter(archived_at=None))
    used = {caption.language for caption in standing}
    wanted = [default_language(), *dict(settings.LANGUAGES)]
    free = next((language for language in wanted if language not in used), default_language())
    initial = [
        {"public_id": one.public_id, "language": one.language, "network": one.network, "text": one.text}
        for one in standing
    ]
    if data is not None:
        return CaptionForms(data, initial=initial, prefix=CAPTIONS)
    forms_ = CaptionForms(initial=initial, prefix=CAPTIONS)
    forms_[len(initial)].initial = {"language": free}
    return forms_


def typed_captions(captions: Any) -> tuple[CaptionText, ...]:
    """Give the captions of valid forms, those without text left out."""
    return tuple(
        CaptionText(
            language=form.cleaned_data["language"],
            network=form.cleaned_data["network"],
            text=form.cleaned_data["text"],
            public_id=form.cleaned_data["public_id"],
        )
        for form in captions
        if form.cleaned_data.get("text", "").strip()
    )


def as_texts(captions: Iterable[Any]) -> tuple[CaptionText, ...]:
    """Give stored captions as what `services` takes."""
    return tuple(
        CaptionText(language=one.language, network=one.network, text=one.text, public_id=one.public_id)
        for one in captions
    )


def default_language() -> str:
    """Give the company's language."""
    house = installation()
    return house.language if house else "en"


def _with_own(rows: Any, own: Iterable[Any]) -> Any:
    """Add what a post has to what can be chosen: a segment that was put away must not vanish and make it everybody's."""
    pks = [row.pk for row in own]
    return rows.model.objects.filter(Q(pk__in=rows.values("pk")) | Q(pk__in=pks)).order_by("pk") if pks else rows
