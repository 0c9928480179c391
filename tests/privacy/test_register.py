"""Personal data: every model is in the register, a person can take everything along, and erasing leaves nothing."""

import io
import json
import zipfile
from datetime import date, timedelta

from django.apps import apps
from django.core import serializers
from django.db import models

from tests.cast import MOMENT, People
from tests.measurement.facts import click_on, invite, noon, share_on
from tests.sharing.library import make_account, make_post
from vocero.measurement.models import Headcount
from vocero.measurement.services import oldest_complete_day, rebuild, roll_up_recent
from vocero.networks.services import choose_networks
from vocero.notices import weekly
from vocero.people.models import Member, PeopleImport
from vocero.privacy import services
from vocero.privacy.export import archive_of, everything_of
from vocero.privacy.register import REGISTER, OnErase
from vocero.privacy.tasks import retain
from vocero.recognition.services import score
from vocero.sharing.models import Draft, Link, Share

DAY = date(2026, 11, 17)
CANARY = "Zyxwvut Canary"


def live(people: People) -> Share:
    """Let Ana leave traces everywhere."""
    ana = people.ana
    Member.objects.filter(pk=ana.pk).update(name=CANARY, email="canary@aurora.example", job_title=CANARY)
    ana.refresh_from_db()
    make_account(ana, handle="canary@mastodon.test")
    post = make_post(people.house)
    share = share_on(ana, post, DAY, text=f"I work here. {CANARY}", remote_url="https://m.test/@canary/1")
    click_on(share, DAY, [1, 2])
    Draft.objects.create(member=ana, post=post, network="x", text=CANARY, updated_at=MOMENT)
    PeopleImport.objects.create(
        filename="list.csv", rows=[["canary@aurora.example", CANARY], ["b@aurora.example", "Bo"]], created_at=MOMENT
    )
    weekly.choose(ana, wanted=True, at=MOMENT)
    choose_networks(ana, names=["x"])
    score(at=noon(DAY) + timedelta(hours=1))
    return share


def test_every_model_is_in_the_register_and_none_that_is_gone(db: None) -> None:
    labels = {model._meta.label for model in apps.get_models()}
    assert labels == set(REGISTER)


def test_every_model_that_points_to_a_member_is_more_than_nothing(db: None) -> None:
    for model in apps.get_models():
        points = any(field.related_model is Member for field in model._meta.fields if field.is_relation)
        if points:
            assert REGISTER[model._meta.label].on_erase is not OnErase.NOTHING, model


def test_the_register_names_columns_that_exist_and_no_secrets(db: None) -> None:
    for label, entry in REGISTER.items():
        names = {field.name for field in apps.get_model(label)._meta.get_fields()}
        assert set(entry.columns) <= names, label
        secret = {"password", "credentials", "token_hash", "code_hash", "secret_hash", "visitor", "sealed", "key"}
        assert not secret & set(entry.columns), label


def test_a_person_can_take_everything_along(people: People) -> None:
    share = live(people)
    archive = zipfile.ZipFile(io.BytesIO(archive_of(people.ana)))
    everything = json.loads(archive.read("everything.json"))
    assert everything["people.Member"][0]["name"] == CANARY
    assert everything["sharing.Share"][0]["text"] == share.text
    assert everything["notices.WeeklyChoice"][0]["wanted"] is True
    table = archive.read("shares.csv").decode("utf-8-sig")
    assert ",2\r\n" in table
    assert '"Bo"' not in json.dumps(everything_of(people.ana))


def test_after_erasing_nothing_says_who_it_was_and_links_and_totals_stay(people: People) -> None:
    share = live(people)
    link = Link.objects.get(share=share)
    services.erase_member(people.ana, actor=people.olga.public_id, at=noon(DAY) + timedelta(days=1))
    for model in apps.get_models():
        text = serializers.serialize("json", model._default_manager.all()) if _is_serializable(model) else ""
        assert "canary" not in text.lower(), model
    link.refresh_from_db()
    assert link.state == Link.State.LIVE
    assert Share.objects.filter(pk=share.pk, day_on=DAY).exists()
    assert PeopleImport.objects.get().rows == [["b@aurora.example", "Bo"]]
    assert not people.ana.__class__.objects.get(pk=people.ana.pk).is_active


def test_lists_drafts_and_sessions_go_when_their_time_is_over(people: People) -> None:
    live(people)
    retain(MOMENT + timedelta(days=29))
    assert PeopleImport.objects.get().rows
    retain(MOMENT + timedelta(days=31))
    assert not PeopleImport.objects.get().rows
    assert Draft.objects.exists()
    retain(MOMENT + timedelta(days=181))
    assert not Draft.objects.exists()


def test_erasing_changes_no_headcount_when_roll_ups_are_made_anew(people: People) -> None:
    invite(people.nobody_asked, people.house, at=noon(DAY))
    roll_up_recent(at=noon(DAY) + timedelta(days=1))
    before = list(Headcount.objects.filter(day_on__lte=DAY).order_by("day_on").values_list("invited", "joined"))
    services.erase_member(people.nobody_asked, actor="", at=noon(DAY) + timedelta(days=1))
    rebuild(since=oldest_complete_day(noon(DAY)), at=noon(DAY) + timedelta(days=2))
    after = list(Headcount.objects.filter(day_on__lte=DAY).order_by("day_on").values_list("invited", "joined"))
    assert after == before


def _is_serializable(model: type[models.Model]) -> bool:
    return not isinstance(model._meta.pk, models.CompositePrimaryKey)
