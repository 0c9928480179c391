"""The window between click and result: the owner changes it, for what comes in from now on."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from tests.cast import People
from vocero.company.models import Installation

type SignIn = Callable[[Any], Client]
PATH = "/manage/settings/conversions/window"


def test_the_owner_changes_it_and_nobody_else(people: People, sign_in: SignIn) -> None:
    assert sign_in(people.marta).post(PATH, {"days": "7"}).status_code == 404
    sign_in(people.olga).post(PATH, {"days": "7"})
    assert Installation.objects.get().conversion_window_days == 7
    for wrong in ("0", "366", "many", ""):
        sign_in(people.olga).post(PATH, {"days": wrong})
    assert Installation.objects.get().conversion_window_days == 7
