"""The pages of privacy: take everything along, and be erased by the owner alone."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from tests.cast import People
from vocero.people.models import Member

type SignIn = Callable[[Any], Client]


def test_a_member_downloads_their_own_data(people: People, sign_in: SignIn) -> None:
    answer = sign_in(people.ana).get("/me/export")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert Client().get("/me/export").status_code == 302


def test_the_owner_erases_somebody_deactivated_after_typing_the_name(people: People, sign_in: SignIn) -> None:
    gone = people.nobody_asked
    url = f"/manage/people/person/{gone.public_id}/erase"
    owner = sign_in(people.olga)
    assert owner.post(url, {"name": gone.name}).status_code == 404
    Member.objects.filter(pk=gone.pk).update(is_active=False)
    assert sign_in(people.marta).post(url, {"name": gone.name}).status_code == 404
    owner.post(url, {"name": "Somebody else"})
    assert Member.objects.get(pk=gone.pk).erased_at is None
    owner.post(url, {"name": gone.name})
    erased = Member.objects.get(pk=gone.pk)
    assert (erased.name, erased.email) == ("", None)
    assert erased.erased_at is not None
