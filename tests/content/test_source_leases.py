"""Several workers and one source: it is asked once, and no transaction waits for another server."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection

from tests.cast import MOMENT, House
from tests.content import makers
from tests.servers.loopback import LoopbackServer, Received, Reply
from vocero.content import services, tasks
from vocero.content.models import Post

Website = Callable[..., LoopbackServer]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_second_worker_finds_the_source_taken_until_the_lease_is_over(house: House) -> None:
    source = makers.source(house.program)
    until = MOMENT + timedelta(seconds=120)
    assert services.claim_source(source.pk, at=MOMENT, until=until) is not None
    assert services.claim_source(source.pk, at=MOMENT, until=until) is None
    assert services.claim_source(source.pk, at=until, until=until + DAY) is not None


def test_an_answer_that_comes_after_another_worker_took_over_is_dropped(house: House) -> None:
    from vocero.content.fetching import Fetched

    source = makers.source(house.program)
    slow = services.claim_source(source.pk, at=MOMENT, until=MOMENT + HOUR)
    fast = services.claim_source(source.pk, at=MOMENT + HOUR, until=MOMENT + 2 * HOUR)
    assert slow is not None
    assert fast is not None
    stale = services.record_fetch(slow, Fetched(makers.feed(makers.entry("a")), '"old"', ""), at=MOMENT + HOUR)
    assert stale.new == 0
    assert services.record_fetch(fast, Fetched(makers.feed(makers.entry("b")), '"new"', ""), at=MOMENT + HOUR).new == 1
    assert makers.again(source).etag == '"new"'


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_ask_once(website: Website) -> None:
    from tests.cast import make_house

    house = make_house()
    asked = Event()

    def behave(request: Received, line: object) -> Reply:
        asked.wait(2)  # both workers have looked for due sources by now
        return Reply(body=makers.rss("One"))

    server = website(behave)
    makers.fed(house.program, server)
    counts: list[int] = []

    def work() -> None:
        try:
            counts.append(tasks.fetch_due_sources(MOMENT))
        finally:
            asked.set()
            connection.close()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(counts) == [0, 1]
    assert len(server.received) == 1
    assert Post.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_another_server_is_asked(website: Website) -> None:
    from tests.cast import make_house

    house = make_house()
    open_inside: list[bool] = []
    from vocero.content import fetching

    server = website(lambda request, line: Reply(body=makers.rss("One")))
    makers.fed(house.program, server)
    original = fetching.fetch

    def watched(*args: Any, **kwargs: Any) -> Any:
        open_inside.append(connection.in_atomic_block)
        return original(*args, **kwargs)

    fetching.fetch = watched
    try:
        tasks.fetch_due_sources(MOMENT)
        tasks.read_due_pages(MOMENT)
    finally:
        fetching.fetch = original
    assert open_inside
    assert not any(open_inside)
