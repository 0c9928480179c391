"""What members decide about networks, and how credentials are kept."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from tests.cast import MOMENT, People
from tests.networks.drafts import card
from tests.servers.fake_networks import make_account
from tests.servers.loopback import LoopbackServer, Reply
from vocero.networks import queries, registry, services, tasks, vault
from vocero.networks.base import Connected, Draft, Login, Reconnect, Refused, TryLater, Unclear
from vocero.networks.bluesky import Bluesky
from vocero.networks.models import Account, Audience
from vocero.networks.reasons import REASONS, NetworkRefusal
from vocero.networks.registry import get_network


def test_chosen_networks_come_first_in_their_order_and_unknown_ones_are_dropped(people: People) -> None:
    services.choose_networks(people.ana, names=["x", "linkedin", "myspace", "x"])
    assert queries.choices_of(people.ana) == ["x", "linkedin"]
    services.choose_networks(people.ana, names=["bluesky", "linkedin"])
    options = queries.options_for(people.ana)
    assert [option.network.name for option in options][:4] == ["bluesky", "linkedin", "mastodon", "x"]
    assert [option.chosen for option in options][:3] == [True, True, False]
    assert queries.choices_of(people.bruno) == []


def test_an_option_is_ready_by_hand_or_with_a_connected_account(
    people: People, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_account(people.ana, "mastodon", at=MOMENT)
    with django_assert_num_queries(2):
        options = {option.network.name: option for option in queries.options_for(people.ana)}
    assert options["linkedin"].is_ready
    assert options["practice"].is_ready
    assert options["mastodon"].is_ready
    assert not options["bluesky"].is_ready


def test_the_account_connected_last_is_used(people: People) -> None:
    make_account(people.ana, "mastodon", at=MOMENT)
    other = Account(member=people.ana, network="mastodon", remote_id="other", connected_at=MOMENT + timedelta(days=1))
    other.credentials = vault.seal_account(other, {"access": "x"})
    other.save()
    assert queries.account_for(people.ana, "mastodon") == other
    services.disconnect_account(other, at=MOMENT)
    assert queries.account_for(people.ana, "mastodon") != other
    assert len(queries.accounts_of(people.ana)) == 1


def test_a_range_of_followers_is_entered_changed_and_forgotten(people: People) -> None:
    services.record_audience(people.ana, network="linkedin", low=500, high=100, at=MOMENT)
    audience = queries.audiences_of(people.ana)["linkedin"]
    assert (audience.low, audience.high, audience.origin) == (100, 500, Audience.Origin.ENTERED)
    services.record_audience(people.ana, network="linkedin", low=-5, high=10**12, at=MOMENT)
    audience.refresh_from_db()
    assert (audience.low, audience.high) == (0, 2_000_000_000)
    services.forget_audience(people.ana, network="linkedin")
    assert queries.audiences_of(people.ana) == {}
    with pytest.raises(NetworkRefusal):
        services.record_audience(people.ana, network="myspace", low=1, high=2, at=MOMENT)


def test_credentials_open_in_their_own_row_only(people: People) -> None:
    mine, other = (make_account(member, "mastodon", at=MOMENT) for member in (people.ana, people.bruno))
    Account.objects.filter(pk=mine.pk).update(credentials=other.credentials)
    mine.refresh_from_db()
    with pytest.raises(TryLater):
        vault.login_of(mine, at=MOMENT)
    assert vault.login_of(other, at=MOMENT).credentials == {"access": "token"}


def test_a_missing_key_destroys_nothing_and_says_so_to_the_operator(
    people: People, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    account = make_account(people.ana, "mastodon", at=MOMENT)
    keys, settings.VOCERO_KEYS = settings.VOCERO_KEYS, (SimpleNamespace(id="other", secret=bytes(32)),)
    with pytest.raises(TryLater):
        services.publish("mastodon", account=account, draft=Draft("x"), key="k", at=MOMENT)
    assert "VOCERO_KEYS" in caplog.text
    assert "@fake" not in caplog.text
    settings.VOCERO_KEYS = keys
    account.refresh_from_db()
    assert account.state == Account.State.CONNECTED
    assert vault.login_of(account, at=MOMENT).credentials == {"access": "token"}


def test_a_new_key_takes_over_row_by_row_and_the_old_one_can_go(people: People, settings: Settings) -> None:
    accounts = [make_account(member, "mastodon", at=MOMENT) for member in people.advocates]
    old = settings.VOCERO_KEYS
    settings.VOCERO_KEYS = (SimpleNamespace(id="fresh", secret=b"n" * 32), *old)
    accounts[0].credentials = vault.seal_account(
        accounts[0], {"access": "token"}
    )  # a run that was stopped got this far
    accounts[0].save()
    assert tasks.rotate_keys(MOMENT) == len(accounts) - 1
    assert tasks.rotate_keys(MOMENT) == 0
    settings.VOCERO_KEYS = settings.VOCERO_KEYS[:1]
    for account in accounts:
        account.refresh_from_db()
        assert vault.login_of(account, at=MOMENT).credentials == {"access": "token"}


def test_a_row_that_no_key_opens_is_left_as_it_is(
    people: People, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    account = make_account(people.ana, "mastodon", at=MOMENT)
    settings.VOCERO_KEYS = (SimpleNamespace(id="fresh", secret=b"n" * 32),)
    former = bytes(account.credentials)
    assert tasks.rotate_keys(MOMENT) == 0
    account.refresh_from_db()
    assert bytes(account.credentials or b"") == former
    assert "VOCERO_KEYS" in caplog.text


def test_practice_needs_no_account_and_others_do() -> None:
    asked = {"account": None, "draft": Draft("x", card()), "key": "k", "at": MOMENT}
    assert services.publish("practice", **asked).remote_id == "practice-k"  # type: ignore[arg-type]
    services.withdraw("practice", account=None, remote_id="practice-k", at=MOMENT)
    assert services.read_engagement("practice", account=None, remote_id="practice-k", at=MOMENT) is None
    with pytest.raises(Reconnect):
        services.publish("mastodon", **asked)  # type: ignore[arg-type]


def test_what_a_network_does_not_let_us_do_is_refused(people: People) -> None:
    with pytest.raises(Refused, match="unsupported"):
        services.withdraw("linkedin", account=None, remote_id="x", at=MOMENT)
    for begin in (
        lambda: services.begin_connect(people.ana, network="linkedin", server="x", redirect_uri="http://t/", at=MOMENT),
        lambda: services.begin_connect(people.ana, network="bluesky", server="x", redirect_uri="http://t/", at=MOMENT),
        lambda: services.connect_account_with_password(
            people.ana, network="mastodon", handle="x", password="x", at=MOMENT
        ),
    ):
        with pytest.raises(NetworkRefusal):
            begin()


def test_what_can_no_longer_be_found_out_is_unclear(people: People) -> None:
    with pytest.raises(Unclear):
        services.find("linkedin", account=None, draft=Draft("x"), key="k", first_sent_at=MOMENT, at=MOMENT)


def test_a_refresh_that_was_certainly_not_used_up_may_be_tried_again_soon(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account(people.ana, "bluesky", at=MOMENT)
    tried: list[Login] = []

    def later(self: Bluesky, login: Login) -> None:
        tried.append(login)
        raise TryLater

    monkeypatch.setattr(Bluesky, "refresh", later)
    for seconds in (0, 5, 31):
        with pytest.raises(TryLater):
            services.refresh_account(account, at=MOMENT + timedelta(seconds=seconds))
    assert len(tried) == 2
    account.refresh_from_db()
    assert account.state == Account.State.CONNECTED


def test_a_refresh_that_may_have_been_used_up_waits_ten_minutes(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account(people.ana, "bluesky", at=MOMENT)
    tried: list[Login] = []

    def unclear(self: Bluesky, login: Login) -> None:
        tried.append(login)
        raise Unclear

    monkeypatch.setattr(Bluesky, "refresh", unclear)
    for minutes in (0, 1, 9, 10):
        with pytest.raises(TryLater):
            services.refresh_account(account, at=MOMENT + timedelta(minutes=minutes))
    assert len(tried) == 2


def test_a_worker_that_woke_up_late_saves_nothing(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_account(people.ana, "bluesky", at=MOMENT)

    def slow(self: Bluesky, login: Login) -> Connected:
        Account.objects.update(refresh_started_at=MOMENT + timedelta(minutes=11))  # somebody else has begun since
        return Connected(login.remote_id, login.handle, login.instance, {"access": "late", "refresh": "late"})

    monkeypatch.setattr(Bluesky, "refresh", slow)
    with pytest.raises(TryLater):
        services.refresh_account(account, at=MOMENT)
    account.refresh_from_db()
    assert vault.login_of(account, at=MOMENT).credentials == {"access": "token"}


def test_every_reason_has_a_sentence() -> None:
    folder = Path(registry.__file__).parent
    used = {word.split('"')[0] for file in folder.rglob("*.py") for word in file.read_text().split('Refused("')[1:]}
    assert used <= set(REASONS)
    assert all(str(sentence).endswith(".") for sentence in REASONS.values())


def test_an_entry_point_that_is_no_network_is_named_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tmp_path / "broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[vocero.networks]\nbroken = collections:OrderedDict\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry.forget_installed()
    try:
        with pytest.raises(TypeError, match="broken"):
            registry.networks()
    finally:
        monkeypatch.undo()
        registry.forget_installed()
    assert get_network("mastodon")


def test_a_server_that_does_not_speak_the_language_is_refused_with_a_sentence(
    people: People, allow_place: Callable[[str], None]
) -> None:
    with LoopbackServer(lambda request, line: Reply(200, "<h1>A bakery</h1>")) as server:
        allow_place(server.place)
        with pytest.raises(NetworkRefusal, match="does not answer"):
            services.begin_connect(
                people.ana, network="mastodon", server=server.url, redirect_uri="http://testserver/b", at=MOMENT
            )
