"""A button that is pressed twice at once makes one share."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from tests.cast import People
from tests.sharing.library import make_post
from vocero.sharing.models import Share


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_make_one_share(people: People, sign_in: Callable[[Any], Client]) -> None:
    post = make_post(people.house)
    clients = [sign_in(people.ana) for _ in range(2)]
    begin = threading.Barrier(2)
    answers: list[int] = []

    def tap(client: Client) -> None:
        begin.wait()
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
    assert sorted(answers) == [302, 422]
    assert Share.objects.count() == 1
