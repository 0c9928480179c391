"""An invitation's way: from the manager's button through the mail server to the page, and what scanners do to it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests import cast
from tests.web.public.smtp import Server
from vocero.lib import clock
from vocero.notices import tasks
from vocero.notices.models import Mail
from vocero.people import invitations
from vocero.people.models import ConsentEvent, Invitation
from vocero.people.queries import people_list

NORA = "nora@aurora.example"


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def invited(people: cast.People, *members: Any) -> None:
    invitations.invite(members or [people.nobody_asked], program=people.program, actor="", at=clock.now())
    tasks.send_due_invitations(clock.now())


def link(people: cast.People, channel: str = "link", member: Any = None, at: Any = None) -> str:
    key = invitations.personal_link(
        member or people.nobody_asked, program=people.program, channel=channel, actor="", at=at or clock.now()
    )
    return f"/welcome/{key.token}"


def test_an_invitation_arrives_with_link_and_code_and_says_that_it_is_a_choice(
    people: cast.People, smtp: Server, client: Client
) -> None:
    invited(people)
    text = smtp.text_to(NORA)
    assert "Taking part is your choice" in text
    page = client.get(smtp.link_to(NORA))
    assert "Hello Nora" in page.content.decode()
    assert client.post(smtp.link_to(NORA)).headers["Location"] == "/"
    assert signed_in(client)
    assert client.get("/").headers["Location"] == "/join"
    other = Client()
    code = other.post("/welcome", {"email": NORA, "code": smtp.code_to(NORA)})
    assert code.status_code == 422, "its button has used it up"


def test_a_mail_scanner_that_opens_everything_uses_nothing_up(people: cast.People, smtp: Server) -> None:
    invited(people)
    scanner = Client()
    for _ in range(5):
        assert scanner.get(smtp.link_to(NORA)).status_code == 200
        assert scanner.head(smtp.link_to(NORA)).status_code == 200
    assert Invitation.objects.get().used_at is None
    person = Client()
    person.post("/welcome", {"email": NORA, "code": smtp.code_to(NORA)})
    assert signed_in(person)


def test_the_page_looks_the_same_before_and_after_it_was_used(people: cast.People, smtp: Server) -> None:
    invited(people)

    def page() -> str:
        return re.sub(r"[A-Za-z0-9]{64}", "", Client().get(smtp.link_to(NORA)).content.decode())

    before = page()
    Client().post(smtp.link_to(NORA))
    assert page() == before, "whoever made a link cannot see whether it was used"
    again = Client()
    assert again.post(smtp.link_to(NORA)).headers["Location"] == "/sign-in"
    assert not signed_in(again)


def test_a_link_handed_over_asks_for_a_mailed_code_where_mail_works(people: cast.People, smtp: Server) -> None:
    for member in (people.nobody_asked, people.ana):
        client = Client()
        assert client.post(link(people, member=member)).headers["Location"] == "/sign-in"
        assert not signed_in(client), "an owner who opens the link of somebody does not become them"
        assert client.cookies["language"].value == (member.language or "en"), "the next page speaks the same language"


def test_without_mail_a_link_lets_in(people: cast.People, no_mail: None, client: Client) -> None:
    assert client.post(link(people)).headers["Location"] == "/"
    assert signed_in(client)


def test_somebody_without_an_e_mail_gets_in_by_a_printed_code(
    people: cast.People, smtp: Server, client: Client
) -> None:
    people.nobody_asked.email = None
    people.nobody_asked.save()
    client.post(link(people, "qr"))
    assert signed_in(client)


def test_an_expired_link_offers_a_new_one(people: cast.People, smtp: Server, client: Client) -> None:
    old = link(people, at=clock.now() - timedelta(days=31))
    page = client.get(old)
    assert "Send me a new one" in page.content.decode()
    assert "on its way" in client.post(old, {"again": "1"}).content.decode()
    client.post(old, {"again": "1"})
    tasks.send_due_invitations(clock.now())
    assert len(smtp.messages) == 1
    client.post(smtp.link_to(NORA))
    assert signed_in(client)


def test_an_unknown_link_says_what_to_do(people: cast.People, client: Client) -> None:
    page = client.get("/welcome/" + "x" * 43)
    assert page.status_code == 404
    assert "newest invitation" in page.content.decode()
    assert client.post("/welcome/" + "x" * 43).status_code == 404


def test_guessing_codes_is_limited_for_each_address(people: cast.People, smtp: Server) -> None:
    invited(people)
    answers = [Client().post("/welcome", {"email": NORA, "code": "000000"}) for _ in range(4)]
    assert "wait a few minutes" in answers[-1].content.decode()


def test_a_refused_address_is_shown_as_bounced_and_a_reminder_s_refusal_is_not(
    people: cast.People, smtp: Server
) -> None:
    smtp.refuses = {"bruno@aurora.example": "550 5.1.1 no such user"}
    ConsentEvent.objects.filter(enrolment__member=people.bruno).delete()
    people.bruno.enrolments.all().delete()
    invited(people, people.nobody_asked, people.bruno)
    states = dict(people_list(people.program).values_list("email", "state"))
    assert (states[NORA], states["bruno@aurora.example"]) == ("invited", "bounced")
    smtp.refuses[NORA] = "550 gone"
    invitations.remind(people.program, actor="", at=clock.now())
    tasks.send_due_invitations(clock.now())
    assert dict(people_list(people.program).values_list("email", "state"))[NORA] == "invited"
    assert Mail.objects.get(kind="reminder").state == "refused"
    assert Mail.objects.get(kind="reminder").code == "550"


def test_a_server_that_says_later_gets_it_again_later(people: cast.People, smtp: Server) -> None:
    smtp.refuses = {NORA: "451 4.7.1 greylisted"}
    invited(people)
    assert Mail.objects.get().state == "delayed"
    smtp.refuses = {}
    assert tasks.send_due_invitations(clock.now() + timedelta(minutes=1)) == 0
    assert tasks.send_due_invitations(clock.now() + timedelta(minutes=6)) == 1
    assert len(smtp.messages) == 1


def test_who_answered_before_the_mail_left_gets_none_and_looks_invited_all_the_same(
    people: cast.People, smtp: Server
) -> None:
    invited(people, people.ana, people.declined, people.left, people.nobody_asked)
    assert [str(message["To"]) for message in smtp.messages] == [f"Nora Murphy <{NORA}>"]
    rows = people_list(people.program).filter(pk__in=[people.ana.pk, people.declined.pk, people.nobody_asked.pk])
    assert {row.state for row in rows} == {"invited"}


def test_each_mail_is_in_its_reader_s_language_with_a_name_that_breaks_no_header(
    people: cast.People, smtp: Server
) -> None:
    people.nobody_asked.name = 'Nora "x" <evil@example.com>, Murphy'
    people.nobody_asked.language = "pl"
    people.nobody_asked.save()
    invited(people)
    message = smtp.last_to(NORA)
    assert message["Content-Language"] == "pl"
    assert message["To"].addresses[0].addr_spec == NORA
    assert len(message["To"].addresses) == 1


def test_markup_in_a_company_s_name_is_text_in_the_mail(people: cast.People, smtp: Server) -> None:
    people.house.installation.name = "<script>alert(1)</script> & Co"
    people.house.installation.save()
    invited(people)
    html = smtp.last_to(NORA).get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert "<script>alert(1)</script> & Co" in smtp.text_to(NORA)


@pytest.mark.browser
@pytest.mark.parametrize("phone", [False, True])
def test_the_computer_s_page_has_a_code_for_the_phone(
    people: cast.People, no_mail: None, live_server: Any, open_page: Any, phone: bool
) -> None:
    page = open_page(phone=phone)
    page.goto(live_server.url + link(people))
    assert page.locator("figure.qr").is_visible() is not phone
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/join")
    assert "Would you like to take part?" in page.content()
