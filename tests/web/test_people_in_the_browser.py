"""Pages of people, joining and settings in a real browser: both themes, axe-core, the longest name, no sideways scroll."""

from typing import Any

import pytest

from tests import cast
from tests.accessibility import sideways_scroll, violations
from tests.cast import MOMENT
from tests.people import foreign
from vocero.company.services import setup_token
from vocero.content.models import Topic
from vocero.lib import clock
from vocero.people import importing, invitations, services
from vocero.people.models import Invitation, Segment
from vocero.people.starter import joining_texts
from vocero.policy import services as policy

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def lived_in(url: str) -> tuple[cast.People, list[tuple[Any, str]]]:
    """A company with something on every page; gives the addresses and who opens them (None: nobody signed in)."""
    people = cast.make_people(cast.make_house())
    program = people.program
    people.house.installation.base_url = url
    people.house.installation.save()
    services.publish_joining_text(joining_texts(), actor="", at=MOMENT)
    policy.install_starters(at=MOMENT)
    Topic.objects.create(program=program, name={"en": "Craft", "pl": "Rzemiosło"}, created_at=MOMENT)
    invitations.invite([people.ana, people.bruno], program=program, actor="", at=MOMENT)
    Invitation.objects.filter(member=people.bruno).update(bounced_at=MOMENT)
    link = invitations.personal_link(people.nobody_asked, program=program, channel="link", actor="", at=clock.now())
    uploaded = importing.upload("people.csv", foreign.five_thousand_lines(), by=people.olga, at=clock.now())
    segment = Segment.objects.create(program=program, name={"en": "Madrid"}, locations=["Madrid"], created_at=MOMENT)
    owner, advocate = people.olga, people.maximiliana
    manage = "/manage/people/"
    return people, [
        (None, "/sign-in"),
        (None, "/sign-in/password"),
        (None, "/welcome"),
        (None, f"/welcome/{link.token}"),
        (None, "/welcome/" + "x" * 43),
        (None, "/privacy"),
        (people.nobody_asked, "/join"),
        (people.declined, "/join/no-thank-you"),
        (advocate, "/join/topics"),
        (advocate, "/join/networks"),
        (advocate, "/join/done"),
        (owner, "/manage/"),
        (owner, manage),
        (owner, f"{manage}?q=nobody"),
        (owner, f"{manage}add"),
        (owner, f"{manage}person/{people.maximiliana.public_id}"),
        (owner, f"{manage}import"),
        (owner, f"{manage}import/{uploaded.public_id}"),
        (owner, f"{manage}import/{uploaded.public_id}/columns"),
        (owner, f"{manage}teams"),
        (owner, f"{manage}teams/{people.house.sales.public_id}"),
        (owner, f"{manage}segments"),
        (owner, f"{manage}segments/{segment.public_id}?find=a"),
        *((owner, f"/manage/settings/{page}") for page in ("", "look", "mail", "points", "team", "joining-text")),
    ]


@pytest.mark.parametrize(("phone", "dark"), [(True, False), (False, True)])
def test_pages_are_usable_for_everybody(
    live_server: Any, open_page: Any, sign_in_page: Any, phone: bool, dark: bool
) -> None:
    _people, places = lived_in(live_server.url)
    found: list[str] = []
    page, signed_in, errors = None, object(), list[str]()
    for who, path in places:
        if who is not signed_in:
            page, signed_in = open_page(phone=phone, dark=dark), who
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            if who is not None:
                sign_in_page(page, live_server.url, who)
        response = page.goto(live_server.url + path)
        assert response.status < 500, path
        found += [f"{path}: {one}" for one in violations(page) + sideways_scroll(page)]
        errors[:] = [text for text in errors if "404" not in text]
        found += [f"{path}: {text}" for text in errors]
        errors.clear()
    assert not found, "\n".join(found)


def test_set_up_is_usable_for_everybody_in_polish(live_server: Any, open_page: Any) -> None:
    page = open_page(phone=True, language="pl")
    page.goto(f"{live_server.url}/setup/{setup_token()}")
    page.locator("form.form button").click()
    page.locator(".errors").wait_for()
    assert not violations(page) + sideways_scroll(page)
