"""Mastodon, against a server that speaks its API: connected by consent, posted to, read, taken back."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cast import People
from tests.networks.drafts import card, draft, image
from tests.servers.caller import call
from tests.servers.mastodon import MastodonServer
from vocero.lib.clock import now
from vocero.lib.http import Answer, fetch
from vocero.networks import line, queries, services, tasks, vault
from vocero.networks.base import Draft, Published, Reconnect, Refused
from vocero.networks.models import Account, Audience, InstanceApp
from vocero.networks.reasons import NetworkRefusal
from vocero.people.models import Member

BACK = "http://testserver/me/networks/back"


def came_back(url: str) -> dict[str, str]:
    """What the network sends back in the address of our page."""
    assert url.startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def connect(member: Member, server: MastodonServer, username: str = "ada") -> Account:
    url = services.begin_connect(member, network="mastodon", server=server.url, redirect_uri=BACK, at=now())
    back = came_back(server.consent(url, username))
    return services.connect_account(member, state=back["state"], code=back["code"], at=now())


@pytest.fixture
def account(people: People, mastodon: MastodonServer) -> Account:
    return connect(people.ana, mastodon)


def publish(account: Account, what: Draft, key: str) -> Published:
    return services.publish("mastodon", account=account, draft=what, key=key, at=now())


def test_the_consent_page_is_asked_with_pkce_and_the_account_is_known_afterwards(
    people: People, mastodon: MastodonServer
) -> None:
    url = services.begin_connect(people.ana, network="mastodon", server=mastodon.url, redirect_uri=BACK, at=now())
    asked = parse_qs(urlsplit(url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert "follow" not in asked["scope"][0]
    account = connect(people.ana, mastodon)
    assert account.handle == f"@ada@{mastodon.place}"
    assert account.limits["characters"] == 500
    assert queries.limits_of("mastodon", account).image_bytes == 10485760
    assert queries.audiences_of(people.ana)["mastodon"].origin == Audience.Origin.READ
    assert b"access" not in bytes(account.credentials or b"")


def test_a_page_waits_for_all_calls_together_no_longer_than_a_person_does(
    people: People, mastodon: MastodonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []

    def watched(url: str, **more: Any) -> Answer:
        given.append(more["seconds"])
        return fetch(url, **more)

    monkeypatch.setattr(line, "fetch", watched)
    connect(people.ana, mastodon)
    registering, *connecting = given
    assert len(connecting) == 3
    assert registering <= 15
    assert connecting == sorted(connecting, reverse=True)
    assert connecting[0] <= 15


def test_our_app_is_registered_once_on_an_instance(people: People, mastodon: MastodonServer) -> None:
    connect(people.ana, mastodon)
    connect(people.bruno, mastodon, "alan")
    assert InstanceApp.objects.filter(instance=mastodon.url).count() == 1


def test_an_unused_registration_is_made_anew_after_half_a_day(people: People, mastodon: MastodonServer) -> None:
    begin = {"network": "mastodon", "server": mastodon.url, "redirect_uri": BACK}
    services.begin_connect(people.ana, **begin, at=now())
    first = InstanceApp.objects.get().client_id
    services.begin_connect(people.ana, **begin, at=now() + timedelta(hours=1))
    assert InstanceApp.objects.get().client_id == first
    services.begin_connect(people.ana, **begin, at=now() + timedelta(hours=13))
    assert InstanceApp.objects.get().client_id != first


def test_nobody_else_can_finish_a_connection_nor_later_nor_without_consent(
    people: People, mastodon: MastodonServer
) -> None:
    url = services.begin_connect(people.ana, network="mastodon", server=mastodon.url, redirect_uri=BACK, at=now())
    back = came_back(mastodon.consent(url))
    for member, state, code, at in (
        (people.bruno, back["state"], back["code"], now()),
        (people.ana, back["state"], back["code"], now() + timedelta(minutes=31)),
        (people.ana, back["state"][:-2] + "AA", back["code"], now()),
        (people.ana, back["state"], "", now()),
        (people.ana, back["state"], "not-a-code", now()),
    ):
        with pytest.raises(NetworkRefusal):
            services.connect_account(member, state=state, code=code, at=at)
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    "typed", ["", "mastodon", "http://127.0.0.1:1", "https://10.0.0.1/", "@me@", "ftp://a.example", "a b.example"]
)
def test_what_is_no_server_is_refused_with_a_sentence(typed: str, people: People) -> None:
    with pytest.raises(NetworkRefusal) as refusal:
        services.begin_connect(people.ana, network="mastodon", server=typed, redirect_uri=BACK, at=now())
    assert refusal.value.field == "instance"
    assert "mastodon.social" in str(refusal.value)


def test_a_post_stands_with_link_tag_emoji_and_language(account: Account, mastodon: MastodonServer) -> None:
    what = draft("Nasz zespół rośnie 🚀\nczytaj: #praca")
    published = publish(account, what, "key-1")
    status = mastodon.status(published.remote_id)
    assert what.link
    assert what.link.url in status["content"]
    assert "🚀" in status["content"]
    assert [tag["name"] for tag in status["tags"]] == ["praca"]
    assert status["language"] == "pl"
    assert status["visibility"] == "public"
    assert published.url == status["url"]


def test_an_image_stands_with_its_words(account: Account, mastodon: MastodonServer) -> None:
    published = publish(account, Draft("Look", card(), (image("A loom"), image("Żaba")), "en"), "key-images")
    media = mastodon.status(published.remote_id)["media_attachments"]
    assert [item["description"] for item in media] == ["A loom", "Żaba"]


def test_the_same_key_makes_one_post(account: Account, mastodon: MastodonServer) -> None:
    what = draft()
    first, second = publish(account, what, "key-2"), publish(account, what, "key-2")
    assert first == second
    assert what.link
    assert sum(what.link.url in status["content"] for status in mastodon.statuses("ada")) == 1


def test_an_unclear_post_is_found_by_its_link_and_a_lost_one_is_not(account: Account) -> None:
    what, lost = draft(), draft()
    published = publish(account, what, "key-3")
    asked = {"account": account, "key": "another key", "first_sent_at": now(), "at": now()}
    assert services.find("mastodon", draft=what, **asked) == published
    assert services.find("mastodon", draft=lost, **asked) is None


def test_an_unclear_post_without_link_is_found_by_its_words(account: Account) -> None:
    words = "Kein Link, nur Wörter & <Zeichen> für @grace@example.org 🚀\n\nzweite Zeile #eins"
    published = publish(account, Draft(words), "key-4")
    asked = {"account": account, "key": "", "first_sent_at": now(), "at": now()}
    assert services.find("mastodon", draft=Draft(words), **asked) == published
    assert services.find("mastodon", draft=Draft(words + " anders"), **asked) is None


def test_reactions_of_a_second_person_arrive(account: Account, mastodon: MastodonServer) -> None:
    published = publish(account, draft(), "key-5")
    asked = {"account": account, "remote_id": published.remote_id, "at": now()}
    before = services.read_engagement("mastodon", **asked)
    mastodon.react(published.remote_id, "grace")
    after = services.read_engagement("mastodon", **asked)
    assert before
    assert after
    assert (before.reactions, before.comments, before.reshares) == (0, 0, 0)
    assert (after.reactions, after.comments, after.reshares, after.impressions) == (1, 1, 1, None)


def test_a_post_is_taken_down_and_taking_it_down_again_is_fine(account: Account, mastodon: MastodonServer) -> None:
    published = publish(account, draft(), "key-6")
    for _ in range(2):
        services.withdraw("mastodon", account=account, remote_id=published.remote_id, at=now())
    assert call("GET", f"{mastodon.url}/api/v1/statuses/{published.remote_id}").status == 404
    with pytest.raises(Refused, match="gone"):
        services.read_engagement("mastodon", account=account, remote_id=published.remote_id, at=now())


def test_a_text_over_the_servers_limit_is_refused(account: Account) -> None:
    with pytest.raises(Refused):
        publish(account, Draft("x" * 6000), "key-7")


def test_a_token_taken_back_asks_the_member_to_reconnect(account: Account, mastodon: MastodonServer) -> None:
    app = vault.open_app(InstanceApp.objects.get())
    token = vault.login_of(account, at=now()).credentials["access"]
    form = {"token": token, "client_id": app.client_id, "client_secret": app.client_secret}
    call("POST", f"{mastodon.url}/oauth/revoke", form=form)
    with pytest.raises(Reconnect):
        publish(account, draft(), "key-8")
    account.refresh_from_db()
    assert (account.state, account.credentials) == (Account.State.RECONNECT, None)
    assert list(queries.to_ask_for_reconnect(now())) == [account]
    services.note_reconnect_asked(account, at=now())
    assert not queries.to_ask_for_reconnect(now()).exists()


def test_disconnecting_destroys_the_token_here_and_there(account: Account, mastodon: MastodonServer) -> None:
    token = vault.login_of(account, at=now()).credentials["access"]
    services.disconnect_account(account, at=now())
    assert (account.state, account.credentials) == (Account.State.DISCONNECTED, None)
    assert call("GET", f"{mastodon.url}/api/v1/accounts/verify_credentials", token=token).status == 401
    with pytest.raises(Reconnect):
        publish(account, draft(), "key-9")
    account.refresh_from_db()
    assert account.state == Account.State.DISCONNECTED


def test_connecting_again_revives_the_same_row(account: Account, people: People, mastodon: MastodonServer) -> None:
    services.disconnect_account(account, at=now())
    assert connect(people.ana, mastodon).pk == account.pk
    assert queries.account_for(people.ana, "mastodon") == account


def test_tokens_of_people_who_are_gone_are_destroyed_by_due_work(account: Account, people: People) -> None:
    assert tasks.disconnect_departed(now()) == 0
    people.ana.is_active = False
    people.ana.save()
    assert tasks.disconnect_departed(now()) == 1
    account.refresh_from_db()
    assert account.credentials is None


def test_followers_are_read_once_a_day(account: Account, people: People) -> None:
    assert tasks.read_followers(now()) == 0
    Audience.objects.all().delete()
    assert tasks.read_followers(now() + timedelta(days=1, minutes=1)) == 1
    assert tasks.read_followers(now() + timedelta(days=1, minutes=2)) == 0
    audience = queries.audiences_of(people.ana)["mastodon"]
    assert audience.low == audience.high
    assert audience.low > 0
