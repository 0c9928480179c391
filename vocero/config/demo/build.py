"""Makes the demo's ninety days by the product's own services, under a clock that moves from day to day."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction

from vocero.company import services as company
from vocero.company.models import Installation, Program
from vocero.config.demo import cast, story
from vocero.config.demo.passers_by import PassersBy
from vocero.content.feeds import Entry, Feed
from vocero.content.models import Campaign, Caption, Post, Topic
from vocero.content.services.captions import CaptionText
from vocero.content.services.entries import ingest_entries
from vocero.content.services.posts import PostDetails, create_post, offer_post
from vocero.content.services.sources import SourceDetails, add_source
from vocero.content.services.topics import add_campaign, add_topic, follow_topics
from vocero.lib import clock
from vocero.measurement import services as measurement
from vocero.networks import services as networks
from vocero.networks.models import Account
from vocero.people import invitations
from vocero.people import services as people
from vocero.people.models import ConsentText, Invitation, Member
from vocero.people.queries import current_consent_text
from vocero.people.teams import create_team
from vocero.policy import services as policy
from vocero.policy.disclosure import STARTERS, with_disclosure, wording
from vocero.policy.models import Guideline, Term
from vocero.sharing import services as sharing
from vocero.sharing.models import Share
from vocero.sharing.publishing import Publisher
from vocero.sharing.tasks import read_engagement

SEED: Final = 20_26
MEMBERS: Final = 240
_WHATEVER: Final = "-"
_LIBRARY: Final = Path(__file__).with_name("library.json")
_OWN_WORDS: Final = {
    "en": ("This one stayed with me.", "I see it every day at work.", "Happy to talk about it.", "Worth two minutes."),
    "es": ("Esta se me quedó grabada.", "Lo veo cada día en el trabajo.", "Encantada de comentarlo.", "Merece dos minutos."),
    "it": ("Questa mi è rimasta in testa.", "Lo vedo ogni giorno al lavoro.", "Ne parlo volentieri.", "Vale due minuti."),
    "pl": ("To zostało mi w głowie.", "Widzę to codziennie w pracy.", "Chętnie o tym pogadam.", "Warto poświęcić dwie minuty."),
}  # fmt: skip

type Say = Callable[[str, float], None]


@dataclass
class Colleague:
    """A member with the habit that the story gave them, and how far their own story is."""

    member: Member
    language: str
    habit: story.Habit
    joins_on: int | None = None
    accounts: dict[str, Account] = field(default_factory=dict)
    shared: set[tuple[int, str]] = field(default_factory=set)


class Build:
    """One demo company being made; `say(step, part)` is told how far it is. Ends at the moment `ends_at`."""

    def __init__(self, *, ends_at: datetime, base_url: str, segments: Path, say: Say) -> None:
        self.draw = random.Random(SEED)
        self.first_day = ends_at.date() - timedelta(days=story.DAYS)
        self.ends_at = ends_at
        self.base_url = base_url
        self.say = say
        self.library: dict[str, Any] = json.loads(_LIBRARY.read_text(encoding="utf-8"))
        self.passers_by = PassersBy(segments, draw=self.draw)
        self.colleagues: list[Colleague] = []
        self.posts: list[tuple[Post, list[Caption]]] = []

    def run(self) -> None:
        """Make everything."""
        _be_quick()
        self.say("people", 0.0)
        at = self._moment(-6, 8)
        with clock.moved_clock(at), transaction.atomic():
            self._company(at)
            self._people(at)
            self._content(at)
        self.say("history", 0.0)
        for day in range(story.DAYS + 1):
            self._live(day)
            self.say("history", day / story.DAYS)
        self.say("numbers", 0.0)
        self._count()

    def _moment(self, day: int, hour: float) -> datetime:
        """The moment in UTC on a day of the story, never after its end."""
        moment = datetime.combine(self.first_day, time(0), UTC) + timedelta(days=day, hours=hour)
        return min(moment, self.ends_at)

    # the company

    def _company(self, at: datetime) -> None:
        self.house, self.owner = people.set_up_company(
            company_name=cast.COMPANY,
            owner_name="Olga Brandt",
            owner_email=f"owner@{cast.DOMAIN}",
            base_url=self.base_url,
            time_zone="Europe/Madrid",
            language="en",
            currency="EUR",
            at=at,
            is_demo=True,
        )
        self.program = Program.objects.get()
        company.change_look(self.house, actor=self.owner.public_id, at=at, color="#1f6f5c")
        self.guideline: Guideline = policy.install_starters(at=at, by=self.owner)
        policy.add_term(Term.Kind.COMPANY, cast.COMPANY, at=at, by=self.owner)
        policy.add_term(Term.Kind.PRODUCT, "Hauler", at=at, by=self.owner)
        policy.add_term(Term.Kind.CONFIDENTIAL, "Project Otter", at=at, by=self.owner)
        policy.add_term(
            Term.Kind.BANNED,
            "best in the world",
            at=at,
            by=self.owner,
            advice={"en": "Say what it did for you instead."},
        )
        company.mark_step(self.house, "all", state="done")
        Installation.objects.filter(pk=1).update(mail_tested_at=at)

    def _people(self, at: datetime) -> None:
        actor = self.owner.public_id
        teams = {name: create_team(name, parent=None, actor=actor, at=at) for name in cast.TEAMS}
        own = {"country": "ES", "location": "Valencia", "time_zone": "Europe/Madrid"}
        self.manager = people.add_member(
            {"name": "Marta Vidal", "email": f"manager@{cast.DOMAIN}", "team": teams["Marketing"], **own},
            actor=actor, at=at, role=Member.Role.MANAGER,
        )  # fmt: skip
        advocate = people.add_member(
            {"name": "Ana Navarro", "email": f"advocate@{cast.DOMAIN}", "team": teams["Customer care"],
             "job_title": "Workshop coach", **own},
            actor=actor, at=at,
        )  # fmt: skip
        habit = story.Habit("joins", 1, 2.2, ("linkedin", "mastodon"), (500, 1000), 0.8, 1.6, None)
        self.colleagues.append(Colleague(advocate, "en", habit))
        for person in cast.people(MEMBERS - 3, SEED):
            values = {
                "name": person.name, "email": person.email, "team": teams[person.team], "job_title": person.job_title,
                "location": person.location, "country": person.country, "language": person.language,
                "time_zone": person.time_zone,
            }  # fmt: skip
            member = people.add_member(values, actor=actor, at=at)
            self.colleagues.append(Colleague(member, person.language, story.habit(self.draw)))
        self.text: ConsentText | None = current_consent_text()

    def _content(self, at: datetime) -> None:
        self.topics: dict[str, Topic] = {
            key: add_topic(self.program, name=name, at=at) for key, name in self.library["topics"].items()
        }
        self.campaigns: dict[str, Campaign] = {
            one["code"]: add_campaign(self.program, name=one["name"], code=one["code"], at=at)
            for one in self.library["campaigns"]
        }

    # one day

    def _live(self, day: int) -> None:
        today = self.first_day + timedelta(days=day)
        with clock.moved_clock(self._moment(day, 6)), transaction.atomic():
            self.passers_by.prepare(today, at=self._moment(day, 0.1))
            self._invite(day)
            self._join(day)
            self._offer(day)
            self._share(day, today)
        with clock.moved_clock(self._moment(day, 19)):
            Publisher(now=clock.now).run()
            self._send_visitors(day)
            self.passers_by.pass_by(today, until=self._moment(day, 23.9))
            if day % 7 == 3 or day == story.DAYS:
                read_engagement(self._moment(day, 20))

    def _invite(self, day: int) -> None:
        first = 0
        for wave_day, size in story.WAVES:
            if wave_day == day:
                asked = self.colleagues[first : first + size]
                at = self._moment(day, 8)
                invitations.invite(
                    [one.member for one in asked], program=self.program, actor=self.manager.public_id, at=at
                )
                for invitation in Invitation.objects.filter(sent_at=None):
                    invitations.mark_sent(invitation, at=at)
                for one in asked:
                    one.joins_on = day + one.habit.after_days
            first += size

    def _join(self, day: int) -> None:
        for one in self.colleagues:
            if one.joins_on == day and one.habit.answers != "does not answer":
                at = self._moment(day, self.draw.uniform(8.5, 17))
                self._answer(one, at)
            elif one.habit.leaves_on_day == day and one.joins_on is not None and one.accounts is not None:
                self._leave(one, self._moment(day, 12))

    def _answer(self, one: Colleague, at: datetime) -> None:
        if one.habit.answers == "declines":
            people.decline(one.member, self.program, text=self.text, language=one.language, at=at)
            return
        if self.text is None:
            raise LookupError("the joining text is missing")
        people.join(one.member, self.program, text=self.text, language=one.language, at=at)
        policy.acknowledge(one.member, self.guideline, language=one.language, at=at)
        networks.choose_networks(one.member, names=one.habit.networks)
        follow_topics(one.member, self.draw.sample(list(self.topics.values()), k=2))
        low, high = one.habit.audience
        for name in one.habit.networks:
            if name in story.BY_API:
                handle = one.member.email.split("@")[0] if one.member.email else one.member.public_id
                one.accounts[name] = networks.connect_account_with_password(
                    one.member, network=name, handle=handle, password=_WHATEVER, at=at
                )
            elif self.draw.random() < 0.8:
                networks.record_audience(one.member, network=name, low=low, high=high, at=at)

    def _leave(self, one: Colleague, at: datetime) -> None:
        if (
            one.habit.answers == "joins"
            and one.joins_on is not None
            and one.joins_on < (at.date() - self.first_day).days
        ):
            people.leave(one.member, self.program, language=one.language, at=at)
            one.joins_on = None

    def _offer(self, day: int) -> None:
        """Two or three posts a week; the last five stay in the inbox, brought by a feed."""
        texts = self.library["posts"]
        while len(self.posts) < len(texts) and day >= 3 + len(self.posts) * (story.DAYS - 6) // len(texts):
            self._offer_one(texts[len(self.posts)], self._moment(day, 7))
        if day == story.DAYS - 1:
            self._bring_entries(self._moment(day, 7))

    def _offer_one(self, text: dict[str, Any], at: datetime) -> None:
        captions = tuple(
            CaptionText(language=language, text=words)
            for language, several in text["captions"].items()
            for words in several
        )
        post = create_post(
            self.program,
            by=self.manager,
            at=at,
            details=PostDetails(
                url=f"https://{text['host']}/{text['slug']}",
                title=text["title"],
                description=text["description"],
                site_name=text["site"],
                kind=text["kind"],
                origin=text["origin"],
                purposes=tuple(text["purposes"]),
                topics=tuple(self.topics[key] for key in text["topics"]),
                campaign=self.campaigns.get(text.get("campaign", "")),
                language=text["language"],
                featured=text["origin"] == "promotional",
                captions=captions,
            ),
        )
        offer_post(post, by=self.manager, at=at, would_post_myself=True)
        self.posts.append((post, list(post.captions.all())))

    def _bring_entries(self, at: datetime) -> None:
        waiting = self.library["waiting"]
        source = add_source(
            self.program,
            feed_url="https://citynotes.example/feed.xml",
            site_url="https://citynotes.example",
            details=SourceDetails(name="City Notes"),
            at=at,
        )
        entries = tuple(
            Entry(
                guid=one["slug"], url=f"https://{one['host']}/{one['slug']}", title=one["title"], summary=one["description"],
                published_at=at - timedelta(hours=3 * number), language=one["language"],
            )
            for number, one in enumerate(waiting)
        )  # fmt: skip
        ingest_entries(source, Feed("City Notes", "https://citynotes.example", "en", entries), at=at)
        type(source).objects.filter(pk=source.pk).update(
            next_fetch_at=self.ends_at + timedelta(days=3650), fetched_at=at, succeeded_at=at
        )

    # sharing

    def _share(self, day: int, today: date) -> None:
        live = [(post, captions) for post, captions in self.posts[-12:]]
        for one in self.colleagues:
            if one.joins_on is None or one.joins_on > day or one.habit.answers != "joins" or not live:
                continue
            chance = one.habit.shares_a_week / 5 * story.season(day, today.weekday())
            if self.draw.random() < chance:
                self._share_one(one, live, day)

    def _share_one(self, one: Colleague, live: list[tuple[Post, list[Caption]]], day: int) -> None:
        network = self.draw.choice(one.habit.networks)
        open_posts = [item for item in live if (item[0].pk, network) not in one.shared]
        if not open_posts:
            return
        post, captions = self.draw.choice(open_posts[-6:])
        one.shared.add((post.pk, network))
        fitting = [caption for caption in captions if caption.language == one.language] or captions
        caption = self.draw.choice(fitting)
        personal = self.draw.random() < one.habit.personalizes
        text = f"{caption.text} {self.draw.choice(_OWN_WORDS[caption.language])}" if personal else caption.text
        at = self._moment(day, self.draw.uniform(7, 18.5))
        share = sharing.share_post(
            one.member,
            post,
            network=network,
            text=_disclosed(text, caption.language),
            at=at,
            language=caption.language,
            caption=caption,
            account=one.accounts.get(network),
            personalized=personal,
        )
        if share.channel == Share.Channel.HANDOFF:
            said = self.draw.random()
            if said < 0.62:
                sharing.confirm_handoff(share, sharing.Answer.YES, at=min(at + timedelta(minutes=3), self.ends_at))
            elif said < 0.67:
                sharing.confirm_handoff(
                    share, sharing.Answer.DID_NOT_POST, at=min(at + timedelta(minutes=3), self.ends_at)
                )
                return
        seen_from = self._moment(day, 19.1) if share.channel == Share.Channel.API else at
        self.passers_by.expect(share, at=seen_from, drawn=one.habit.drawn)

    def _send_visitors(self, day: int) -> None:
        """A few visitors come back as a lead, an application or a purchase, some days later."""
        for click_id, kind, value, at in self.passers_by.conversions(self._moment(day, 18)):
            self.passers_by.report(self.program, click_id=click_id, kind=kind, value=value, at=at)

    # the figures

    def _count(self) -> None:
        from vocero.recognition import services as recognition

        with clock.moved_clock(self.ends_at):
            self.say("numbers", 0.2)
            measurement.confirm_starter_rates(by=self.owner, at=self.ends_at)
            measurement.roll_up_anew(self.first_day - timedelta(days=7), self.ends_at.date(), at=self.ends_at)
            self.say("numbers", 0.6)
            measurement.decide_due(self.program, at=self.ends_at)
            self.say("numbers", 0.7)
            recognition.score(at=self.ends_at)


def _be_quick() -> None:
    """Let this process not wait for the disk at each commit: a demo that was cut off is made again from the start."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=OFF")


def _disclosed(text: str, language: str) -> str:
    """Put the starter's first wording in front, as the composer does."""
    disclosure = wording(STARTERS[language][0], cast.COMPANY)
    return with_disclosure(text, disclosure, wordings=STARTERS[language], names=[cast.COMPANY])
