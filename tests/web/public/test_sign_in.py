"""Signing in by code, by link and by password; nobody learns who is listed, and nobody guesses."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from tests import cast
from tests.web.public.smtp import Server
from vocero.lib import clock
from vocero.people import services
from vocero.people.models import Member

ANA = "ana@aurora.example"


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def ask(client: Client, email: str, **more: str) -> Any:
    return client.post("/sign-in", {"email": email, **more})


def test_a_mailed_code_signs_in(people: cast.People, smtp: Server, client: Client) -> None:
    assert ask(client, "Ana@Aurora.example ").status_code == 302
    message = smtp.last_to(ANA)
    assert smtp.code_to(ANA) in str(message["Subject"])
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "es"
    assert "Aurora Mills" in str(message["From"])
    html = message.get_body(("html",))
    assert html is not None
    assert smtp.code_to(ANA) in html.get_content()
    answer = client.post("/sign-in/code", {"code": smtp.code_to(ANA)})
    assert answer.headers["Location"] == "/"
    assert signed_in(client)
    assert client.session.get_expiry_age() > 89 * 24 * 3600
    assert not EmailAddress.objects.exists(), "no second list of addresses grows beside the members"


def test_a_code_typed_with_spaces_fits_and_leads_to_the_page_that_was_asked_for(
    people: cast.People, smtp: Server, client: Client
) -> None:
    ask(client, ANA, next="/privacy?x=1")
    code = smtp.code_to(ANA)
    answer = client.post("/sign-in/code?next=/privacy%3Fx%3D1", {"code": f" {code[:3]} {code[3:]}"})
    assert answer.headers["Location"] == "/privacy?x=1"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
def test_signing_in_never_leads_elsewhere(people: cast.People, smtp: Server, client: Client, elsewhere: str) -> None:
    ask(client, ANA, next=elsewhere)
    answer = client.post("/sign-in/code", {"code": smtp.code_to(ANA), "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_a_mailed_link_signs_in_by_its_button_once(people: cast.People, smtp: Server, client: Client) -> None:
    ask(client, ANA)
    link = smtp.link_to(ANA)
    scanner, phone = Client(), Client()
    for _ in range(3):
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200
    assert not signed_in(scanner)
    assert phone.post(link).status_code == 302
    assert signed_in(phone)
    assert Client().post(link).headers["Location"] == "/sign-in", "it works once"


def test_a_link_runs_out_after_fifteen_minutes(people: cast.People, smtp: Server, client: Client) -> None:
    ask(client, ANA)
    with clock.moved_clock(clock.now() + timedelta(minutes=16)):
        assert client.post(smtp.link_to(ANA)).headers["Location"] == "/sign-in"
    assert not signed_in(client)


def test_known_and_unknown_addresses_are_answered_alike(people: cast.People, smtp: Server) -> None:
    Member.objects.filter(pk=people.bruno.pk).update(is_active=False)
    pages = []
    for email in (ANA, "nobody@aurora.example", "bruno@aurora.example"):
        client = Client()
        first = ask(client, email)
        second = client.get(first.headers["Location"])
        wrong = client.post("/sign-in/code", {"code": "000000x"})
        bodies = [re.sub(r"[A-Za-z0-9]{64}", "", page.content.decode()).replace(email, "X") for page in (second, wrong)]
        pages.append((first.status_code, first.headers["Location"], second.status_code, wrong.status_code, bodies))
    assert pages[0] == pages[1] == pages[2]
    assert len(smtp.messages) == 3, "each address gets one mail"
    assert "not in the list" in smtp.text_to("nobody@aurora.example")
    assert "not in the list" in smtp.text_to("bruno@aurora.example")


def test_five_wrong_codes_end_the_attempt(people: cast.People, smtp: Server, client: Client) -> None:
    ask(client, ANA)
    code = smtp.code_to(ANA)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(4):
        assert client.post("/sign-in/code", {"code": wrong}).status_code == 422
    assert client.post("/sign-in/code", {"code": wrong}).headers["Location"] == "/sign-in"
    assert client.post("/sign-in/code", {"code": code}).status_code == 302
    assert not signed_in(client)


def test_asking_too_often_is_refused_with_a_sentence_and_harms_nobody_else(people: cast.People, smtp: Server) -> None:
    for _ in range(3):
        assert ask(Client(), ANA).status_code == 302
    refused = ask(Client(), ANA)
    assert refused.status_code == 422
    assert "wait a few minutes" in refused.content.decode()
    assert ask(Client(), "giulia@aurora.example").status_code == 302


def test_an_owner_signs_in_with_a_password(people: cast.People, client: Client) -> None:
    services.set_own_password(people.olga, password="a long enough password")
    wrong = client.post("/sign-in/password", {"email": "olga@aurora.example", "password": "not it at all"})
    assert wrong.status_code == 422
    assert "do not fit together" in wrong.content.decode()
    answer = client.post("/sign-in/password", {"email": "Olga@aurora.example", "password": "a long enough password"})
    assert answer.headers["Location"] == "/"
    assert signed_in(client)


def test_passwords_are_not_guessed(people: cast.People) -> None:
    services.set_own_password(people.olga, password="a long enough password")
    for number in range(5):
        Client().post("/sign-in/password", {"email": "olga@aurora.example", "password": f"guess number {number}"})
    refused = Client().post("/sign-in/password", {"email": "olga@aurora.example", "password": "a long enough password"})
    assert "wait a few minutes" in refused.content.decode()
    cache.clear()
    victim = Client()
    victim.post("/sign-in/password", {"email": "olga@aurora.example", "password": "a long enough password"})
    assert signed_in(victim)


def test_without_mail_the_page_says_what_to_do(people: cast.People, no_mail: None, client: Client) -> None:
    page = client.get("/sign-in").content.decode()
    assert "personal link" in page
    assert 'name="email"' not in page


def test_a_server_that_is_away_is_no_error_page(people: cast.People, settings: Any, client: Client) -> None:
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
        }
    }
    assert ask(client, ANA).status_code == 302


def test_somebody_who_is_deactivated_is_out_at_once(people: cast.People, sign_in: cast.SignIn) -> None:
    client = sign_in(people.ana)
    assert client.get("/join/no-thank-you").status_code == 200
    services.deactivate(people.ana, actor="", at=clock.now())
    assert client.get("/join/no-thank-you").status_code == 302


def test_managers_are_signed_out_after_a_working_day_or_two_idle_hours(
    people: cast.People, sign_in: cast.SignIn
) -> None:
    start = clock.now()
    with clock.moved_clock(clock.MovingClock(start)) as moved:
        manager, advocate = sign_in(people.marta), sign_in(people.ana)
        for _ in range(7):
            assert manager.get("/privacy").status_code == 200
            moved.advance(timedelta(minutes=110))  # type: ignore[attr-defined]
        assert manager.get("/join/no-thank-you").headers["Location"] == "/sign-in?next=/join/no-thank-you"
        idle = sign_in(people.marta)
        idle.get("/privacy")
        moved.advance(timedelta(hours=2, minutes=6))  # type: ignore[attr-defined]
        assert idle.get("/join/no-thank-you").status_code == 302
        moved.advance(timedelta(days=80))  # type: ignore[attr-defined]
        assert advocate.get("/join/no-thank-you").status_code == 200


def test_a_new_role_and_signing_out_everywhere_end_sessions(people: cast.People, sign_in: cast.SignIn) -> None:
    phone, tablet = sign_in(people.ana), sign_in(people.ana)
    services.end_sessions(people.ana)
    assert phone.get("/join/no-thank-you").status_code == 302
    assert tablet.get("/join/no-thank-you").status_code == 302
    manager = sign_in(people.marta)
    services.set_role(people.marta, role=Member.Role.ADVOCATE, actor="", at=clock.now())
    assert manager.get("/join/no-thank-you").status_code == 302


def test_signing_out_needs_a_button(people: cast.People, sign_in: cast.SignIn) -> None:
    client = sign_in(people.ana)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert not signed_in(client)


def test_the_language_of_signed_out_pages_can_be_switched(people: cast.People, client: Client) -> None:
    client.post("/language", {"language": "pl", "next": "/sign-in"})
    assert client.get("/privacy").headers["Content-Language"] == "pl"
    client.post("/language", {"language": "xx", "next": "https://evil.example"})
    assert client.get("/privacy").headers["Content-Language"] == "pl"
