"""Set-up in the browser, behind a token that works until there is a company."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests import cast
from tests.cast import MOMENT
from vocero.company.files import store_image
from vocero.company.models import Installation
from vocero.company.services import setup_token
from vocero.notices.models import MailboxMessage
from vocero.people.models import Member

pytestmark = pytest.mark.django_db
ANSWERS = {
    "company_name": "Aurora Mills",
    "owner_name": "Olga Nowak",
    "owner_email": "olga@aurora.example",
    "password": "seven green mills turn",
    "base_url": "http://testserver",
    "time_zone": "Europe/Warsaw",
    "language": "pl",
    "currency": "PLN",
    "points": "on",
}


def test_before_set_up_every_door_says_what_to_do(client: Client) -> None:
    page = client.get("/", follow=True).content.decode()
    assert "vocero setup" in page
    assert client.get("/privacy").status_code == 200
    assert client.get("/setup/" + "0" * 32).status_code == 404


def test_the_token_opens_set_up_once_and_signs_the_owner_in(client: Client) -> None:
    token = setup_token()
    assert client.get(f"/setup/{token}").status_code == 200
    answer = client.post(f"/setup/{token}", ANSWERS)
    assert answer.headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(Member.objects.get().pk)
    assert Installation.objects.get().points_enabled
    assert Client().post(f"/setup/{token}", ANSWERS).headers["Location"] == "/"
    assert Member.objects.count() == 1


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"password": "short"}, "at least 12"),
        ({"password": "olga@aurora.example"}, "too similar"),
        ({"base_url": "http://elsewhere.example"}, "does not answer to elsewhere.example"),
        ({"owner_email": "olga"}, "valid email"),
        ({"time_zone": "Mars"}, "valid choice"),
    ],
)
def test_a_wrong_answer_keeps_what_was_typed(client: Client, answer: dict[str, str], sentence: str) -> None:
    page = client.post(f"/setup/{setup_token()}", ANSWERS | answer)
    assert page.status_code == 422
    body = page.content.decode()
    assert sentence in body
    assert "Aurora Mills" in body
    assert not Installation.objects.exists()


@pytest.fixture
def picture(settings: Any, tmp_path: Path) -> bytes:
    from tests.company.test_files import png_with_payload

    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}},
    }
    return png_with_payload()


def test_pictures_are_served_by_key_alone_and_never_sniffed(house: cast.House, client: Client, picture: bytes) -> None:
    file = store_image(picture, at=MOMENT)
    answer = client.get(f"/f/{file.key}")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert b"script" not in answer.content
    again = client.get(f"/f/{file.key}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    for wrong in ("x" * 24, f"{file.key}..", "..%2f..%2fsecret-key", f"{file.key}/"):
        assert client.get(f"/f/{wrong}").status_code == 404


def test_the_mailbox_is_there_in_the_demo_alone(house: cast.House, client: Client) -> None:
    assert client.get("/mailbox").status_code == 404


def test_the_demo_s_mailbox_shows_what_would_have_been_sent(people: cast.People, client: Client, settings: Any) -> None:
    settings.ENVIRONMENT = dataclasses.replace(settings.ENVIRONMENT, demo=True)
    settings.MAILERS = {"default": {"BACKEND": "vocero.notices.mailbox.EmailBackend"}}
    assert "the mail appears here" in client.get("/mailbox").content.decode()
    Member.objects.filter(email="ana@aurora.example").update(name="Ana Żółć")
    client.post("/sign-in", {"email": "ana@aurora.example"})
    kept = MailboxMessage.objects.get()
    assert kept.recipient == "Ana Żółć <ana@aurora.example>"
    assert "ana@aurora.example" in client.get("/mailbox").content.decode()
    assert client.get("/mailbox?q=bruno").content.decode().count("/mailbox/") == 0
    page = client.get(f"/mailbox/{kept.public_id}")
    assert "/sign-in/link/" in page.content.decode()
    frame = client.get(f"/mailbox/{kept.public_id}/html")
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "script-src" not in frame.headers["Content-Security-Policy"]
    link = re.search(r"http://testserver(/sign-in/link/\S+?)\"", frame.content.decode())
    assert link
    assert client.post(link[1]).headers["Location"] == "/"
