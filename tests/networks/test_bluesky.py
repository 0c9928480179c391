"""Bluesky, against a real server with the view that counts: sessions, records, facets, cards, images, reactions."""

import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from PIL import Image

from tests.cast import People
from tests.networks.drafts import card, draft, image, picture
from tests.running import wait_for
from tests.servers.bluesky import BlueskyServer, Person
from vocero.lib.clock import now
from vocero.networks import queries, services, tasks, vault
from vocero.networks.base import Card, Draft, Login, Media, Published, Reconnect, Refused, TryLater
from vocero.networks.bluesky import Bluesky
from vocero.networks.models import Account, Audience
from vocero.networks.reasons import NetworkRefusal
from vocero.networks.registry import get_network
from vocero.people.models import Member


def connect(member: Member, server: BlueskyServer, person: Person) -> Account:
    return services.connect_account_with_password(
        member, network="bluesky", handle=person.handle, password=person.password, server=server.url, at=now()
    )


@pytest.fixture(scope="module")
def person(bluesky_process: BlueskyServer) -> Person:
    return bluesky_process.person("ana")


@pytest.fixture
def account(people: People, bluesky: BlueskyServer, person: Person) -> Account:
    return connect(people.ana, bluesky, person)


def publish(account: Account, what: Draft, key: str = "") -> Published:
    key = key or get_network("bluesky").new_key(now())
    return services.publish("bluesky", account=account, draft=what, key=key, at=now())


def record_of(server: BlueskyServer, published: Published) -> dict[str, Any]:
    did = published.remote_id.split("/")[2]
    return next(post["value"] for post in server.posts(did) if post["uri"] == published.remote_id)


def marked(record: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """Give what the facets mark: the bytes of the text as words, and the feature."""
    text = record["text"].encode()
    return [
        (text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), facet["features"][0])
        for facet in record.get("facets", [])
    ]


def test_a_session_opened_with_an_app_password_is_kept_encrypted_and_the_password_is_not(
    account: Account, person: Person, bluesky: BlueskyServer
) -> None:
    assert (account.handle, account.remote_id, account.instance) == (f"@{person.handle}", person.did, bluesky.url)
    login = vault.login_of(account, at=now())
    assert set(login.credentials) == {"access", "refresh"}
    assert login.credentials["refresh"] not in repr(login)
    assert person.password.encode() not in bytes(account.credentials or b"")
    assert account.expires_at
    assert timedelta(days=30) < account.expires_at - now() < timedelta(days=400)


def test_a_wrong_password_and_a_wrong_handle_are_refused_with_a_sentence(
    people: People, bluesky: BlueskyServer, person: Person
) -> None:
    for handle, password in ((person.handle, "nope"), ("nobody-here.test", person.password), ("no handle!", "x")):
        with pytest.raises(NetworkRefusal) as refusal:
            services.connect_account_with_password(
                people.ana, network="bluesky", handle=handle, password=password, server=bluesky.url, at=now()
            )
        assert refusal.value.field == "password"
    assert not Account.objects.exists()


def test_a_main_password_is_not_taken(people: People, bluesky: BlueskyServer, person: Person) -> None:
    with pytest.raises(NetworkRefusal, match="main password"):
        services.connect_account_with_password(
            people.ana,
            network="bluesky",
            handle=person.handle,
            password=person.main_password,
            server=bluesky.url,
            at=now(),
        )
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    "server", ["http://127.0.0.1:9", "https://10.0.0.1", "ftp://x.example", "https://a.example/path"]
)
def test_a_server_that_may_not_be_called_is_refused(server: str, people: People) -> None:
    with pytest.raises(NetworkRefusal) as refusal:
        services.connect_account_with_password(
            people.ana, network="bluesky", handle="a.test", password="x", server=server, at=now()
        )
    assert refusal.value.field == "instance"


def test_links_mentions_and_tags_are_facets_at_the_right_bytes(
    account: Account, bluesky: BlueskyServer, person: Person
) -> None:
    link = card()
    text = f"Zażółć 🧑‍🏭 gęślą @{person.handle}, @nobody-here.test i #praca! #2026 {link.url} 👋 #Łódź"
    record = record_of(bluesky, publish(account, Draft(text, link, (), "pl")))
    kind = "app.bsky.richtext.facet#"
    assert marked(record) == [
        (f"@{person.handle}", {"$type": f"{kind}mention", "did": person.did}),
        ("#praca", {"$type": f"{kind}tag", "tag": "praca"}),
        (link.url, {"$type": f"{kind}link", "uri": link.url}),
        ("#Łódź", {"$type": f"{kind}tag", "tag": "Łódź"}),
    ]
    assert (record["text"], record["langs"]) == (text, ["pl"])


def test_a_link_becomes_a_card_with_its_picture(account: Account, bluesky: BlueskyServer, person: Person) -> None:
    link = card(with_image=True)
    record = record_of(bluesky, publish(account, Draft("We grow", link)))
    external = record["embed"]["external"]
    assert record["text"] == "We grow"
    assert (external["uri"], external["title"]) == (link.url, link.title)
    assert link.image
    assert bluesky.blob(person.did, external["thumb"]["ref"]["$link"]) == link.image.content


def test_a_card_with_an_image_that_is_none_stands_without_it(account: Account, bluesky: BlueskyServer) -> None:
    link = Card("https://go.aurora.example/l/aaaaaaaaaaa", "T", "D", Media(b"not an image", "image/tiff"))
    record = record_of(bluesky, publish(account, Draft("We grow", link)))
    assert "thumb" not in record["embed"]["external"]


def test_images_stand_with_their_words_and_the_link_in_the_text(account: Account, bluesky: BlueskyServer) -> None:
    link = card()
    record = record_of(bluesky, publish(account, Draft("Look", link, (image("A loom"), image("Żaba")))))
    assert [picture["alt"] for picture in record["embed"]["images"]] == ["A loom", "Żaba"]
    assert record["embed"]["images"][0]["aspectRatio"] == {"width": 640, "height": 360}
    assert record["text"] == f"Look\n\n{link.url}"
    assert [words for words, _ in marked(record)] == [link.url]


def test_an_image_that_is_too_large_is_made_smaller(account: Account, bluesky: BlueskyServer, person: Person) -> None:
    large = Media(picture(1300, 900, kind="PNG", noisy=True), "image/png", "Noise", 1300, 900)
    assert len(large.content) > 1_000_000
    embedded = record_of(bluesky, publish(account, Draft("Look", None, (large,))))["embed"]["images"][0]
    stored = bluesky.blob(person.did, embedded["image"]["ref"]["$link"])
    assert len(stored) <= 1_000_000
    with Image.open(io.BytesIO(stored)) as opened:
        assert (opened.format, opened.size) == ("JPEG", tuple(embedded["aspectRatio"].values()))


def test_the_same_key_makes_one_record(account: Account, bluesky: BlueskyServer, person: Person) -> None:
    key, before = get_network("bluesky").new_key(now()), len(bluesky.posts(person.did))
    first = publish(account, draft("Once"), key)
    second = publish(account, draft("Once, told again"), key)
    assert first == second
    assert len(bluesky.posts(person.did)) == before + 1
    assert record_of(bluesky, first)["text"] == "Once"


def test_an_unclear_post_is_found_by_its_key_and_a_lost_one_is_not(account: Account) -> None:
    key = get_network("bluesky").new_key(now())
    asked = {"account": account, "draft": draft(), "key": key, "first_sent_at": now() - timedelta(days=3), "at": now()}
    assert services.find("bluesky", **asked) is None
    published = publish(account, draft(), key)
    assert services.find("bluesky", **asked) == published
    assert published.url == f"https://bsky.app/profile/{account.handle[1:]}/post/{key}"


def test_a_post_over_the_limit_is_refused_and_one_at_the_limit_is_taken(
    account: Account, bluesky: BlueskyServer
) -> None:
    assert record_of(bluesky, publish(account, Draft("🧑‍🏭" * 200 + "x" * 100)))["text"].endswith("x")
    with pytest.raises(Refused, match="too_long"):
        publish(account, Draft("x" * 301))


def test_reactions_of_a_second_person_arrive(account: Account, bluesky: BlueskyServer) -> None:
    published = publish(account, draft())
    bluesky.react(bluesky.person("bruno"), published.remote_id)
    told = services.read_engagement("bluesky", account=account, remote_id=published.remote_id, at=now())
    assert told
    assert (told.reactions, told.comments, told.reshares) == (1, 1, 1)


def test_a_post_is_taken_down_and_taking_it_down_again_is_fine(
    account: Account, bluesky: BlueskyServer, person: Person
) -> None:
    published = publish(account, draft())
    for _ in range(2):
        services.withdraw("bluesky", account=account, remote_id=published.remote_id, at=now())
    assert published.remote_id not in [post["uri"] for post in bluesky.posts(person.did)]
    bluesky.wait_until_view_forgets(person, published.remote_id)

    def is_gone() -> bool:
        try:
            services.read_engagement("bluesky", account=account, remote_id=published.remote_id, at=now())
        except Refused as refused:
            return refused.reason == "gone"
        return False  # the view does not answer at this moment

    wait_for(is_gone, what="the network to say that the post is gone")


def test_followers_are_read(account: Account, people: People, bluesky: BlueskyServer, person: Person) -> None:
    bluesky.record(bluesky.person("celina"), "app.bsky.graph.follow", {"subject": person.did})
    for _ in range(100):
        Account.objects.update(followers_due_at=None)
        assert tasks.read_followers(now()) == 1
        audience = queries.audiences_of(people.ana)["bluesky"]
        if audience.high:
            break
    assert (audience.low, audience.high, audience.origin) == (1, 1, Audience.Origin.READ)


# Tokens


def later(hours: float = 3) -> datetime:
    return now() + timedelta(hours=hours)


def test_a_lapsed_token_is_refreshed_on_the_way(account: Account, bluesky: BlueskyServer) -> None:
    before = vault.login_of(account, at=now()).credentials
    key = get_network("bluesky").new_key(now())
    services.publish("bluesky", account=account, draft=draft(), key=key, at=later())
    account.refresh_from_db()
    after = vault.login_of(account, at=now()).credentials
    assert before["refresh"] != after["refresh"]
    assert account.refreshed_at


def test_eight_who_refresh_at_once_make_one_refresh(
    transactional_db: None, bluesky: BlueskyServer, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests import cast

    account = connect(cast.make_people(cast.make_house()).ana, bluesky, person)
    calls: list[Login] = []
    refresh = Bluesky.refresh

    def counted(self: Bluesky, login: Login) -> Any:
        calls.append(login)
        return refresh(self, login)

    monkeypatch.setattr(Bluesky, "refresh", counted)
    outcomes: list[object] = []
    together = threading.Barrier(8)

    def one() -> None:
        together.wait()
        try:
            outcomes.append(services.refresh_account(Account.objects.get(pk=account.pk), at=later()))
        except TryLater as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len(outcomes) == 8
    assert any(isinstance(outcome, Login) for outcome in outcomes)
    account.refresh_from_db()
    assert account.state == Account.State.CONNECTED


def test_a_worker_that_died_between_answer_and_saving_strands_nobody(
    account: Account, monkeypatch: pytest.MonkeyPatch, bluesky: BlueskyServer
) -> None:
    refresh = Bluesky.refresh

    def dying(self: Bluesky, login: Login) -> Any:
        refresh(self, login)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Bluesky, "refresh", dying)
        with pytest.raises(KeyboardInterrupt):
            services.refresh_account(account, at=later(3))
    with pytest.raises(TryLater):
        services.refresh_account(account, at=later(3.1))
    services.refresh_account(account, at=later(3.5))
    publish(account, draft())


def test_two_refreshes_are_at_least_ten_minutes_apart(account: Account) -> None:
    first = services.refresh_account(account, at=now())
    soon = services.refresh_account(account, at=now() + timedelta(minutes=6))
    assert soon.credentials == first.credentials  # still fresh: given without a call
    Account.objects.update(refreshed_at=None)  # as when the one who refreshed did not get to save
    with pytest.raises(TryLater) as error:
        services.refresh_account(account, at=now() + timedelta(minutes=6))
    assert error.value.after
    assert timedelta(0) < error.value.after < services.REFRESH_FLOOR


def test_an_app_password_taken_back_asks_to_reconnect_once(people: People, bluesky: BlueskyServer) -> None:
    person = bluesky.person("david")
    account = connect(people.david, bluesky, person)
    bluesky.delete_app_password(person, "david")
    with pytest.raises(Reconnect):
        services.publish("bluesky", account=account, draft=draft(), key="3n2vpsvuikx2e", at=later())
    account.refresh_from_db()
    assert (account.state, account.credentials) == (Account.State.RECONNECT, None)
    assert list(queries.to_ask_for_reconnect(now())) == [account]
    with pytest.raises(Reconnect):
        services.publish("bluesky", account=account, draft=draft(), key="3n2vpsvuikx2e", at=later())


def test_a_token_that_is_called_lapsed_right_after_its_refresh_ends_in_reconnect_not_in_a_loop(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def lapsed(self: Bluesky, login: Login, what: Draft, key: str) -> Published:
        calls.append(key)
        raise TryLater(stale=True)

    monkeypatch.setattr(Bluesky, "publish", lapsed)
    with pytest.raises(Reconnect):
        publish(account, draft())
    assert len(calls) == 2
    account.refresh_from_db()
    assert account.state == Account.State.RECONNECT


def test_connections_that_would_end_are_refreshed_by_due_work_once_a_day(account: Account) -> None:
    assert account.expires_at
    soon = account.expires_at - timedelta(days=10)
    assert tasks.refresh_due_tokens(soon - timedelta(days=60)) == 0
    assert tasks.refresh_due_tokens(soon) == 1
    account.refresh_from_db()
    assert account.refreshed_at == soon
    assert tasks.refresh_due_tokens(soon + timedelta(hours=1)) == 0


def test_disconnecting_ends_the_session(account: Account, bluesky: BlueskyServer) -> None:
    refresh = vault.login_of(account, at=now()).credentials["refresh"]
    services.disconnect_account(account, at=now())
    assert account.credentials is None
    assert bluesky.xrpc("POST", "com.atproto.server.refreshSession", token=refresh).status in {400, 401}


def test_without_the_view_posts_go_out_and_figures_are_unknown(
    people: People, allow_place: Callable[[str], None]
) -> None:
    server = BlueskyServer.start(view=False)
    try:
        allow_place(server.place)
        person = server.person("giulia")
        account = connect(people.giulia, server, person)
        published = publish(account, draft())
        assert [post["uri"] for post in server.posts(person.did)] == [published.remote_id]
        asked = {"account": account, "remote_id": published.remote_id, "at": now()}
        assert services.read_engagement("bluesky", **asked) is None
        assert services.read_audience(account, at=now()) is None
        assert queries.audiences_of(people.giulia) == {}
    finally:
        server.stop()
    with pytest.raises(TryLater):
        publish(account, draft())


def test_keys_are_timestamps_in_their_order() -> None:
    network = Bluesky()
    keys = [network.new_key(datetime(2026, 11, 22, tzinfo=UTC) + timedelta(milliseconds=step)) for step in range(500)]
    assert keys == sorted(keys)
    assert len(set(keys)) == 500
    assert {len(key) for key in keys} == {13}
    assert all(key[0] in "234567abcdefghij" for key in keys)
