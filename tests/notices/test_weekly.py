"""The weekly mail: what it says, when it comes, that it comes once, and how it ends."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from tests.cast import People
from tests.measurement.facts import click_on, share_on
from tests.sharing.library import make_post
from vocero.notices import weekly
from vocero.notices.models import MailboxMessage, WeeklyMail
from vocero.notices.tasks import send_weekly_mails

MADRID = ZoneInfo("Europe/Madrid")
TUESDAY = datetime(2026, 11, 24, 9, 30, tzinfo=MADRID)


@pytest.fixture
def mailbox(settings: Any) -> None:
    """Mail is kept whole, as in the demo."""
    settings.MAILERS = {"default": {"BACKEND": "vocero.notices.mailbox.EmailBackend"}}


@pytest.fixture
def ana_wants_it(people: People, mailbox: None) -> People:
    """Ana asked for the mail, in English and Madrid's time."""
    type(people.ana).objects.filter(pk=people.ana.pk).update(time_zone="Europe/Madrid", language="en")
    people.ana.refresh_from_db()
    weekly.choose(people.ana, wanted=True, at=TUESDAY - timedelta(days=3))
    return people


def test_it_tells_new_posts_and_what_own_shares_did(ana_wants_it: People) -> None:
    people = ana_wants_it
    old = make_post(people.house, title="Known for long", at=TUESDAY - timedelta(days=20))
    make_post(people.house, title="Fresh from the mill", at=TUESDAY - timedelta(days=2))
    click_on(share_on(people.ana, old, date(2026, 11, 19)), date(2026, 11, 20), [1, 2, 3])
    assert send_weekly_mails(TUESDAY) == 1
    message = MailboxMessage.objects.get()
    assert message.subject == "This week: Fresh from the mill"
    assert "your shares brought 3 clicks last week." in message.text
    assert "Known for long" not in message.text
    assert "/weekly/stop/" in message.text


def test_it_comes_once_a_week_however_often_it_is_tried(ana_wants_it: People) -> None:
    make_post(ana_wants_it.house, at=TUESDAY - timedelta(days=2))
    for hours in (0, 1, 24, 72):
        send_weekly_mails(TUESDAY + timedelta(hours=hours))
    assert weekly.send_weekly(ana_wants_it.ana, week_on=date(2026, 11, 23), at=TUESDAY) == ""
    assert MailboxMessage.objects.count() == 1


def test_nothing_new_means_no_mail(ana_wants_it: People) -> None:
    send_weekly_mails(TUESDAY)
    assert MailboxMessage.objects.count() == 0
    assert WeeklyMail.objects.get().state == WeeklyMail.State.NOTHING


def test_it_waits_for_the_members_own_morning(ana_wants_it: People) -> None:
    make_post(ana_wants_it.house, at=TUESDAY - timedelta(days=2))
    assert send_weekly_mails(TUESDAY - timedelta(hours=1)) == 0
    type(ana_wants_it.ana).objects.filter(pk=ana_wants_it.ana.pk).update(time_zone="America/New_York")
    assert send_weekly_mails(TUESDAY) == 0
    assert send_weekly_mails(TUESDAY + timedelta(hours=6)) == 1


def test_a_break_or_a_farewell_stops_it(ana_wants_it: People) -> None:
    make_post(ana_wants_it.house, at=TUESDAY - timedelta(days=2))
    for state in ("paused", "left"):
        ana_wants_it.ana.enrolments.update(state=state)
        assert send_weekly_mails(TUESDAY) == 0


def test_opening_its_last_link_ends_nothing_and_the_button_does(ana_wants_it: People) -> None:
    token = weekly.stop_token(ana_wants_it.ana, at=TUESDAY - timedelta(days=90))
    scanner = Client(enforce_csrf_checks=True)
    assert scanner.get(f"/weekly/stop/{token}").status_code == 200
    assert weekly.wants(ana_wants_it.ana)
    assert b"It has ended" in scanner.post(f"/weekly/stop/{token}", {"List-Unsubscribe": "One-Click"}).content
    assert weekly.wants(ana_wants_it.ana) is False
    assert scanner.get(f"/weekly/stop/{token[:-2]}xx").status_code == 404


def test_it_never_mentions_that_somebody_did_not_share(ana_wants_it: People) -> None:
    make_post(ana_wants_it.house, at=TUESDAY - timedelta(days=2))
    send_weekly_mails(TUESDAY)
    text = MailboxMessage.objects.get().text.lower()
    assert "share" not in text.replace("/share/", "")
