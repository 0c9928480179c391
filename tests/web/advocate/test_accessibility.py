"""The advocate's pages for everybody: axe finds nothing, nothing scrolls sideways, with the longest name there is."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from tests.accessibility import sideways_scroll, violations
from tests.cast import House, People
from tests.sharing.library import make_account, make_post
from tests.sharing.pigeon import Pigeon, installed
from vocero.company.files import store_image
from vocero.company.models import Installation
from vocero.content.models import PostImage, Topic
from vocero.lib.clock import MovingClock, now
from vocero.people.models import Enrolment
from vocero.policy import services as policy
from vocero.policy.models import Term
from vocero.sharing import services
from vocero.sharing.models import Share
from vocero.sharing.publishing import Publisher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def lived_in(people: People, house: House) -> list[str]:
    """Give the addresses of every page in every state of a share."""
    at, who = now(), people.maximiliana
    guideline = policy.install_starters(at=at)
    picture = io.BytesIO()
    Image.new("RGB", (600, 315), "teal").save(picture, "PNG")
    image = store_image(picture.getvalue(), at=at)
    topic = Topic.objects.create(program=people.program, name={"en": LONG[:40]}, created_at=at)
    captions = [("pl", "", f"Słońce napędza nasz młyn. {LONG}"), ("pl", "", "Drugi tekst, też gotowy.")]
    post = make_post(house, at=at, title=f"{LONG} {LONG}", captions=captions, card_image=image, language="pl")
    post.topics.add(topic)
    own = make_post(house, at=at, url="", title="", origin="company")
    PostImage.objects.create(post=own, file=image, alt="A teal wall")
    account = make_account(who, "pigeon", at=at, handle=f"@{LONG.lower()}@{LONG.lower()}.example")
    addresses = ["/guideline"]
    policy.acknowledge(who, guideline, language="pl", at=at)
    Enrolment.objects.filter(member=people.ana).update(shows_name=True)
    policy.acknowledge(people.ana, guideline, language="pl", at=at)
    told = services.share_post(people.ana, post, network="linkedin", text="Hi there.", at=at)
    services.confirm_handoff(told, "yes", at=at)
    by_hand = services.share_post(who, post, network="linkedin", text=f"Hi {LONG}.", at=at)
    services.share_post(who, post, network="pigeon", account=account, text="Out.", at=at)
    Publisher(now=MovingClock(at + timedelta(seconds=11))).run()
    later = services.Later((at + timedelta(days=3)).replace(tzinfo=None), "Europe/Warsaw")
    planned = services.share_post(who, own, network="pigeon", account=account, text="Later.", at=at, later=later)
    for state, reason in (("unconfirmed", "unclear"), ("failed", "too_late"), ("cancelled", "left"), ("withdrawn", "")):
        made = services.share_post(who, post, network="x", text=f"{state}.", at=at)
        Share.objects.filter(pk=made.pk).update(state=state, reason=reason, channel="api")
    practice = services.share_post(who, post, network="practice", text="Practice.", at=at)
    policy.add_term(Term.Kind.BANNED, "drugi", at=at)
    addresses += ["/today", f"/today?topic={topic.public_id}", "/shares", "/me", "/me/connect/mastodon"]
    addresses += ["/me/connect/bluesky", f"/share/{post.public_id}?network=x", f"/share/{own.public_id}"]
    addresses += [f"/shares/{share.public_id}" for share in Share.objects.filter(member=who)]
    return [
        *addresses,
        f"/shares/{by_hand.public_id}/finish",
        f"/shares/{planned.public_id}/edit",
        f"/shares/{practice.public_id}",
    ]


@pytest.mark.parametrize(
    ("phone", "dark", "language"), [(True, False, "pl"), (False, True, "en")], ids=["phone", "dark"]
)
def test_axe_finds_nothing_on_any_page(
    phone: bool, dark: bool, language: str, live_server: Any, people: People, house: House,
    open_page: Callable[..., Any], sign_in_page: Callable[..., None],
) -> None:  # fmt: skip
    Installation.objects.update(base_url=live_server.url)
    people.maximiliana.language = language
    people.maximiliana.save()
    with installed(Pigeon()):
        addresses = lived_in(people, house)
        page = open_page(phone=phone, dark=dark, language=language)
        sign_in_page(page, live_server.url, people.maximiliana)
        found = []
        for address in addresses:
            page.goto(live_server.url + address)
            page.wait_for_load_state("networkidle")
            for details in page.locator("main details").all():
                details.evaluate("element => element.open = true")
            found += [f"{address}: {one}" for one in [*violations(page), *sideways_scroll(page)]]
        assert found == []


def test_empty_pages_say_what_to_do(
    live_server: Any, people: People, open_page: Callable[..., Any], sign_in_page: Callable[..., None]
) -> None:
    page = open_page(phone=True)
    sign_in_page(page, live_server.url, people.david)
    for address, words in (
        ("/today", "Nothing to share yet"),
        ("/shares", "Nothing shared yet"),
        ("/guideline", "no guideline yet"),
    ):
        page.goto(live_server.url + address)
        assert words in page.inner_text("main")
        assert page.locator("main .empty a.btn").count() == 1
        assert violations(page) == []
