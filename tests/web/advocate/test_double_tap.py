"""A button that is pressed twice at once makes one share."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from tests.cast import People
from tests.sharing.library import make_post
from vocero.sharing.models import Share
from vocero.sharing.standing import Standing
from vocero.web.advocate import compose


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_make_one_share(
    people: People, sign_in: Callable[[Any], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_looked, look = threading.Barrier(2), compose.standing_of

    def look_slowly(*args: Any, **values: Any) -> Standing:
        found = look(*args, **values)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_looked.wait(1)
        return found

    monkeypatch.setattr(compose, "standing_of", look_slowly)
    post = make_post(people.house)
    clients = [sign_in(people.ana) for _ in range(2)]
    answers: list[int] = []

    def tap(client: Client) -> None:
        try:
            answer = client.post(f"/share/{post.public_id}", {"network": "x", "text": "Well told.", "do": "share"})
            answers.append(answer.status_code)
        finally:
            connections.close_all()

    taps = [threading.Thread(target=tap, args=[client]) for client in clients]
    for one in taps:
        one.start()
    for one in taps:
        one.join()
    assert both_have_looked.broken, "somebody looked"
    assert sorted(answers) == [302, 422]
    assert Share.objects.count() == 1
