"""A company with something on every page, made as of now: for looking at all of them, by a test or by eye."""

import io
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from PIL import Image

from tests import cast
from tests.content import makers
from tests.measurement import facts
from tests.sharing.library import make_account, make_post
from tests.sharing.pigeon import Pigeon, installed
from vocero.company.api_keys import make_site_key
from vocero.company.files import store_image
from vocero.company.models import ApiKey, Program
from vocero.content import services as content
from vocero.content.models import Campaign, Post, PostImage, Source, Topic
from vocero.lib import clock
from vocero.lib.periods import Period, PeriodKind
from vocero.measurement import services as measurement
from vocero.notices import weekly
from vocero.notices.models import MailboxMessage
from vocero.people import importing, invitations
from vocero.people import services as people_services
from vocero.people.models import Enrolment, Invitation, Member, PeopleImport, Segment
from vocero.people.starter import joining_texts
from vocero.policy import services as policy
from vocero.policy.models import Term
from vocero.recognition import services as recognition
from vocero.sharing import services as sharing
from vocero.sharing.models import Share
from vocero.web.public.accounts import sign_in_link

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
_STATES = (("unconfirmed", "unclear"), ("failed", "too_late"), ("cancelled", "left"), ("withdrawn", ""))
_LIST = (
    "Employee,Work e-mail,Department,Office,Country\n"
    "Nina Neu,nina@aurora.example,Sales,Madrid,ES\n"
    f"{cast.LONGEST_NAME},{LONG[:40]}@aurora.example,{LONG},Kraków,PL\n"
    "Nobody,,Sales,Madrid,ES\nAna López,ana@aurora.example,Engineering,Madrid,ES\n"
)


@dataclass
class Lived:
    """The company, and what the addresses of its pages are made of."""

    people: cast.People
    at: datetime
    post: Post
    picture_post: Post
    topic: Topic
    campaign: Campaign
    sources: list[Source] = field(default_factory=list)
    waiting: list[Post] = field(default_factory=list)
    drafts: list[Post] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    by_hand: Share | None = None
    planned: Share | None = None
    key: ApiKey | None = None
    segment: Segment | None = None
    imports: dict[str, PeopleImport] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    letters: Sequence[MailboxMessage] = ()

    @property
    def program(self) -> Program:
        """The one program."""
        return self.people.program

    @property
    def last_month(self) -> Period:
        """The month that is over."""
        return Period.of(PeriodKind.MONTH, self.at.date()).previous()


def live(url: str, stack: ExitStack) -> Lived:
    """Make the company as of now, reached at `url`; the stack takes away what is not in the database."""
    stack.enter_context(installed(Pigeon()))
    at = clock.now()
    people = cast.make_people(cast.make_house())
    _age(people, url, at)
    picture = io.BytesIO()
    Image.new("RGB", (600, 315), "teal").save(picture, "PNG")
    image = store_image(picture.getvalue(), at=at)
    topic = Topic.objects.create(program=people.program, name={"en": LONG[:40]}, created_at=at)
    campaign = Campaign.objects.create(program=people.program, name=f"Spring {LONG[:50]}", code="spring", created_at=at)
    lived = Lived(
        people, at, topic=topic, campaign=campaign,
        post=make_post(
            people.house, at=at - timedelta(days=70), title=f"{LONG} {LONG}", card_image=image, campaign=campaign,
            captions=[("en", "", f"The sun drives our mill. {LONG}"), ("pl", "", "Słońce napędza nasz młyn.")],
        ),
        picture_post=make_post(people.house, at=at - timedelta(days=9), url="", title="", origin="company"),
    )  # fmt: skip
    lived.post.topics.add(topic)
    PostImage.objects.create(post=lived.picture_post, file=image, alt="A teal wall")
    _policy(lived)
    _content(lived)
    _months(lived)
    _share(lived)
    _people(lived)
    _tokens(lived)
    return lived


def _age(people: cast.People, url: str, at: datetime) -> None:
    """Let the company, its people and their answers be four months old."""
    old = at - timedelta(days=120)
    house = people.house.installation
    house.base_url, house.set_up_at = url, old
    house.save()
    Program.objects.update(created_at=old)
    people.program.created_at = old
    Member.objects.update(created_at=old)
    Enrolment.objects.filter(joined_at__isnull=False).update(joined_at=old, changed_at=old)


def _policy(lived: Lived) -> None:
    at, people = lived.at, lived.people
    people_services.publish_joining_text(joining_texts(), actor="", at=at - timedelta(days=1))
    guideline = policy.install_starters(at=at)
    for member in people.advocates:
        policy.acknowledge(member, guideline, language=member.language, at=at)
    policy.add_term(Term.Kind.BANNED, LONG.lower(), at=at)


def _content(lived: Lived) -> None:
    at, program = lived.at, lived.program
    made = {"kind": "industry_insight", "origin": "curated", "purposes": ("educate",), "topics": (lived.topic,)}
    good = makers.source(program, name=f"Textile {LONG}", at=at, **made)
    bad = makers.source(program, name="Gone", feed_url="https://gone.example/feed", at=at, **made)
    Source.objects.filter(pk=bad.pk).update(failures=9, last_error="timeout", succeeded_at=at - timedelta(days=5))
    names = ("first", "second", LONG)
    entries = [makers.entry(name, published_at=at - timedelta(hours=place)) for place, name in enumerate(names)]
    content.ingest_entries(good, makers.feed(*entries), at=at)
    lived.sources = [good, bad]
    lived.waiting = list(Post.objects.filter(guid__in=names))
    lived.drafts = [makers.draft(program, by=lived.people.marta, at=at)]


def _months(lived: Lived) -> None:
    """Two months of shares, clicks, reactions and purchases of everybody, rolled up and decided about."""
    today, house = lived.at.date(), lived.people.house
    starts: tuple[date, ...] = (lived.last_month.first_on, today - timedelta(days=12))
    for place, member in enumerate(lived.people.advocates):
        for first_on in starts:
            day = first_on + timedelta(days=place)
            share = facts.share_on(member, lived.post, day, network=facts.NETWORKS[place % 4])
            facts.click_on(share, day, range(1, 4 + place))
            facts.read_on(share, day, reactions=place, comments=1)
            if place % 3 == 0:
                facts.convert_on(house, day, share)
    facts.count_visitors()
    measurement.roll_up_anew(today - timedelta(days=110), today, at=lived.at)
    measurement.decide_due(lived.program, at=lived.at)
    recognition.score(at=lived.at)
    measurement.set_rate(
        network="linkedin", base=Decimal(2), low=Decimal(1), high=Decimal(3), currency="EUR", from_on=lived.last_month.first_on,
        source=f"Our own campaigns {LONG}", by=lived.people.marta, at=lived.at,
    )  # fmt: skip
    measurement.plan_month(lived.program, lived.last_month, text=f"Ask {LONG} for more.", at=lived.at)


def _share(lived: Lived) -> None:
    """Shares of one advocate in every state."""
    at, who = lived.at, lived.people.maximiliana
    account = make_account(who, "pigeon", at=at, handle=f"@{LONG.lower()}@{LONG.lower()}.example")
    told = sharing.share_post(lived.people.ana, lived.post, network="linkedin", text="Hi there.", at=at)
    sharing.confirm_handoff(told, "yes", at=at)
    Enrolment.objects.filter(member__in=[lived.people.ana, who]).update(shows_name=True)
    lived.by_hand = sharing.share_post(who, lived.post, network="linkedin", text="Hi, by hand.", at=at)
    sharing.share_post(who, lived.post, network="pigeon", account=account, text="Going out.", at=at)
    later = sharing.Later((at + timedelta(days=3)).replace(tzinfo=None), "Europe/Warsaw")
    lived.planned = sharing.share_post(
        who, lived.picture_post, network="pigeon", account=account, text="Later.", at=at, later=later
    )
    for state, reason in _STATES:
        made = sharing.share_post(who, lived.post, network="x", text=f"{state}.", at=at)
        Share.objects.filter(pk=made.pk).update(state=state, reason=reason, channel="api")
    sharing.share_post(who, lived.post, network="practice", text="Practice.", at=at)
    lived.shares = list(Share.objects.filter(member=who))
    sent = Share.objects.filter(member=who, state=Share.State.SENT).first()
    if sent is not None:
        recognition.write_note(sent, author=lived.people.marta, text=f"Well said! {LONG}", at=at)


def _people(lived: Lived) -> None:
    at, people, program = lived.at, lived.people, lived.program
    invitations.invite([people.ana, people.bruno], program=program, actor="", at=at)
    Invitation.objects.filter(member=people.bruno).update(bounced_at=at)
    lived.segment = Segment.objects.create(
        program=program, name={"en": f"Madrid {LONG}"}, locations=["Madrid"], created_at=at
    )
    for state in ("going", "written", "waits"):
        lived.imports[state] = uploaded = importing.upload(f"{LONG}.csv", _LIST.encode(), by=people.marta, at=at)
        if state != "waits":
            importing.confirm(uploaded, actor="", at=at)
        if state == "written":
            importing.write_step(uploaded, at=at)
    lived.key = make_site_key(program, origin=f"https://{LONG[:50].lower()}.example", at=at, actor="")


def _tokens(lived: Lived) -> None:
    """The words in the addresses that are sent out."""
    at, people, program = lived.at, lived.people, lived.program
    keys = {
        name: invitations.personal_link(member, program=program, channel="link", actor="", at=at)
        for name, member in (("fresh", people.nobody_asked), ("old", people.elif_))
    }
    Invitation.objects.filter(member=people.elif_, channel="link").update(expires_at=at - timedelta(days=1))
    lived.tokens = {
        "welcome": keys["fresh"].token,
        "expired": keys["old"].token,
        "sign-in": sign_in_link(people.david).rsplit("/", 1)[1],
        "weekly": weekly.stop_token(people.ana, at=at),
        "report": measurement.make_report_link(program, lived.last_month, language="en", by=people.marta, at=at),
    }
    lived.letters = MailboxMessage.objects.bulk_create(
        [
            MailboxMessage(
                recipient=f"{LONG.lower()}@aurora.example", sender="vocero@aurora.example", at=at,
                subject=f"{subject} {LONG}", text="Hello.", html=html,
            )
            for subject, html in (("Plain", ""), ("Styled", '<html lang="en"><title>Hi</title><p>Hello.</p></html>'))
        ]
    )  # fmt: skip


def as_the_demo(settings: Any) -> None:
    """Switch the demo's own pages on (in pytest-django's `settings`), with one member for each role."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, demo=True)
    for who, role in (("advocate", Member.Role.ADVOCATE), ("manager", Member.Role.MANAGER)):
        cast.make_member(cast.LONGEST_NAME, role=role, email=f"{who}@velora.example")
