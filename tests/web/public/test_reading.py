"""Who is asking: the session in the cookie and its member, read anew for each page."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tests.cast import People
from vocero.lib import clock
from vocero.people.models import Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(people: People) -> Client:
    """Ana's browser, which has a page open."""
    client = Client()
    client.force_login(people.ana)
    assert client.get("/today").status_code == 200
    return client


def test_an_expired_session_opens_nothing(signed_in: Client) -> None:
    Session.objects.update(expire_date=clock.now() - timedelta(seconds=1))
    assert signed_in.get("/today").status_code == 302


def test_a_session_that_is_gone_opens_nothing(signed_in: Client) -> None:
    Session.objects.all().delete()
    assert signed_in.get("/today").status_code == 302


def test_a_deactivated_member_s_session_opens_nothing_from_the_next_page_on(people: People, signed_in: Client) -> None:
    Member.objects.filter(pk=people.ana.pk).update(is_active=False)
    assert signed_in.get("/today").status_code == 302


def test_what_changed_of_the_member_is_there_at_the_next_page(people: People, signed_in: Client) -> None:
    Member.objects.filter(pk=people.ana.pk).update(language="pl")
    assert signed_in.get("/today").headers["Content-Language"] == "pl"
