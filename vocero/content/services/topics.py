"""Writes topics and campaigns: named in four languages, merged without losing what was counted, put away."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Program
from vocero.content.models import Campaign, Source, Topic, TopicFollow
from vocero.lib.errors import Refusal
from vocero.lib.text import one_line
from vocero.lib.words import only_filled
from vocero.people.models import Member

MOST_NAME = 40


class TopicRefused(Refusal):
    """A topic or campaign cannot be like this."""


@transaction.atomic
def add_topic(program: Program, *, name: Mapping[str, str], at: datetime) -> Topic:
    """Add a topic; `name` is {language: name}. Raises TopicRefused without a name, or for one that is there."""
    return Topic.objects.create(program=program, name=_checked_name(program, name, None), created_at=at)


@transaction.atomic
def rename_topic(topic: Topic, *, name: Mapping[str, str]) -> None:
    """Rename a topic. Raises TopicRefused."""
    topic.name = _checked_name(topic.program, name, topic)
    topic.save(update_fields=["name"])


@transaction.atomic
def merge_topics(topic: Topic, *, into: Topic, at: datetime) -> None:
    """Merge a topic into another: posts, sources and followers move, the old one becomes its alias and is put away.

    Shares keep the topic that they were frozen with; reports read it through the alias.
    """
    if topic.pk == into.pk or topic.program_id != into.program_id or into.archived_at or into.alias_of_id:
        raise TopicRefused(_("Please choose another topic to merge this one into."), field="into")
    for post in topic.posts.all():
        post.topics.add(into)
    for source in topic.sources.all():
        source.topics.add(into)
    for follow in topic.follows.all():
        TopicFollow.objects.get_or_create(member_id=follow.member_id, topic=into)
    topic.posts.clear()
    topic.sources.clear()
    topic.follows.all().delete()
    Topic.objects.filter(alias_of=topic).update(alias_of=into)
    topic.alias_of, topic.archived_at = into, at
    topic.save(update_fields=["alias_of", "archived_at"])


@transaction.atomic
def archive_topic(topic: Topic, *, at: datetime) -> None:
    """Put a topic away: nobody can choose it any more; posts and figures that have it keep it.

    A source whose last topic it was waits for review again.
    """
    Topic.objects.filter(pk=topic.pk, archived_at=None).update(archived_at=at)
    for source in list(topic.sources.all()):
        source.topics.remove(topic)
        if not source.topics.exists():
            Source.objects.filter(pk=source.pk).update(straight_in=False)
    topic.refresh_from_db()


@transaction.atomic
def follow_topics(member: Member, topics: list[Topic]) -> None:
    """Make these the topics that a member wants to see first."""
    TopicFollow.objects.filter(member=member).exclude(topic__in=topics).delete()
    for topic in topics:
        TopicFollow.objects.get_or_create(member=member, topic=topic)


def add_campaign(
    program: Program,
    *,
    name: str,
    at: datetime,
    code: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Campaign:
    """Add a campaign; `code` stands in utm_campaign and is made of the name when blank. Raises TopicRefused."""
    campaign = Campaign(program=program, created_at=at)
    return _save_campaign(campaign, name=name, code=code, starts_on=starts_on, ends_on=ends_on)


def edit_campaign(campaign: Campaign, *, name: str, starts_on: date | None, ends_on: date | None) -> None:
    """Change a campaign's name and days; its code stays, because links carry it. Raises TopicRefused."""
    _save_campaign(campaign, name=name, code=campaign.code, starts_on=starts_on, ends_on=ends_on)


def archive_campaign(campaign: Campaign, *, at: datetime) -> None:
    """Put a campaign away: nobody can choose it any more; its posts and figures keep it."""
    Campaign.objects.filter(pk=campaign.pk, archived_at=None).update(archived_at=at)
    campaign.refresh_from_db()


def slug_of(name: str) -> str:
    """Make a code for addresses of a name: lower case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l").replace("ß", "ss"))
    return re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")[:60].strip("-")


def _save_campaign(
    campaign: Campaign, *, name: str, code: str, starts_on: date | None, ends_on: date | None
) -> Campaign:
    campaign.name = one_line(name)[:80]
    campaign.code = slug_of(code or name)
    campaign.starts_on, campaign.ends_on = starts_on, ends_on
    if not campaign.name:
        raise TopicRefused(_("Please give the campaign a name."), field="name")
    if not campaign.code:
        raise TopicRefused(_("Please give the campaign a code of letters or digits."), field="code")
    if starts_on and ends_on and ends_on < starts_on:
        raise TopicRefused(_("The last day cannot come before the first."), field="ends_on")
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as error:
        raise TopicRefused(_("Another campaign has this code already."), field="code") from error
    return campaign


def _checked_name(program: Program, name: Mapping[str, str], own: Topic | None) -> dict[str, str]:
    words = {language: one_line(text)[:MOST_NAME] for language, text in only_filled(name).items()}
    if not words:
        raise TopicRefused(_("Please give the topic a name in at least one language."), field="name")
    others = Topic.objects.filter(program=program, archived_at=None)
    for other in others:
        if own is not None and other.pk == own.pk:
            continue
        for language, text in words.items():
            if other.name.get(language, "").casefold() == text.casefold():
                raise TopicRefused(_("There is a topic called %(name)s already."), field="name", name=text)
    return words
