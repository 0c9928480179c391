"""The same questions to every network, whoever wrote it."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

import vocero.networks
from tests.networks.drafts import image
from vocero.networks.base import (
    ATTEMPT_SECONDS,
    Card,
    Channel,
    ConnectsByOAuth,
    ConnectsByPassword,
    Draft,
    Login,
    Network,
    Refused,
    RetryKind,
)
from vocero.networks.limits import Problem
from vocero.networks.registry import BUILT_IN, UnknownNetwork, by_api, get_network, networks

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOBODY = Login("", "", "", {}, AT)
LINK = Card("https://go.aurora.example/l/AbCdEfGhIjK", "Łódź & more?", "Forty jobs")
WORDS = "Zażółć 100 % „gęślą” jaźń 🧑‍🏭 & more? #praca"
every_network = pytest.mark.parametrize("network", BUILT_IN, ids=lambda network: network.name)
by_hand = pytest.mark.parametrize(
    "network", [one for one in BUILT_IN if one.channel is Channel.HANDOFF], ids=lambda network: network.name
)


@every_network
def test_it_is_a_network_with_a_name_that_fits_its_column(network: Network) -> None:
    assert isinstance(network, Network)
    assert get_network(network.name) is network
    assert 0 < len(network.name) <= 20
    assert network.name == network.name.lower()
    assert network.label


@every_network
def test_its_keys_fit_their_column_and_never_repeat(network: Network) -> None:
    keys = {network.new_key(AT) for _ in range(50)}
    assert len(keys) > 45
    assert all(0 < len(key) <= 40 for key in keys)


@every_network
def test_it_says_how_an_unclear_attempt_is_cleared_up(network: Network) -> None:
    assert timedelta(0) <= network.retry.settles_after <= timedelta(minutes=10)
    if network.channel is Channel.API:
        assert network.retry.settles_after > timedelta(seconds=ATTEMPT_SECONDS)
    assert (network.retry.kind is RetryKind.KEY) == (network.retry.valid_for is not None)
    assert network.retry.can_find(first_sent_at=AT, at=AT) == (network.retry.kind is not RetryKind.NONE)


@every_network
def test_what_it_composes_keeps_every_word_and_is_within_its_own_limits(network: Network) -> None:
    for what in (Draft(WORDS, LINK), Draft(WORDS), Draft(f"{WORDS} {LINK.url}", LINK), Draft(WORDS, LINK, (image(),))):
        composed = network.compose(what)
        assert what.text in composed
        assert composed.count(LINK.url) <= 1
        pictures = tuple((media.content_type, media.alt) for media in what.media)
        found = {
            objection.problem for objection in network.limits.objections(composed, pictures, has_link=bool(what.link))
        }
        assert found <= {Problem.NEEDS_IMAGE, Problem.NEEDS_LINK}


@every_network
def test_it_objects_to_what_is_too_long_and_to_nothing_at_all(network: Network) -> None:
    most = network.limits.characters
    if most is not None:
        assert network.limits.count("x" * most) == most
        found = network.limits.objections("x" * (most + 1), (), has_link=True)
        assert (Problem.TOO_LONG, most + 1, most) in [(one.problem, one.actual, one.most) for one in found]
    assert Problem.EMPTY in [one.problem for one in network.limits.objections(" ", (), has_link=False)]


@every_network
def test_limits_told_by_a_server_never_break_it(network: Network) -> None:
    for told in (
        {},
        {"characters": -1, "images": "many", "image_types": [], "link_length": True, "alt_characters": 10**30},
        {"characters": None, "image_types": ["image/evil", "text/html"], "image_bytes": 1.5},
    ):
        assert network.limits_for(told) == network.limits


@every_network
def test_where_the_network_shows_the_post_it_can_be_taken_down_or_says_that_it_cannot(network: Network) -> None:
    if not network.withdraws:
        with pytest.raises(Refused, match="unsupported"):
            network.withdraw(NOBODY, "x")


@every_network
def test_an_api_network_can_be_connected_in_exactly_one_way_and_no_other_can(network: Network) -> None:
    ways = [isinstance(network, ConnectsByOAuth), isinstance(network, ConnectsByPassword)]
    assert sum(ways) == (1 if network.channel is Channel.API else 0)


@by_hand
def test_its_dialog_gets_the_words_and_the_link_unharmed(network: Network) -> None:
    url = network.handoff(Draft(WORDS, LINK))
    if network.name == "copy":
        assert url == ""
        return
    assert url.startswith("mailto:?" if network.name == "email" else "https://")
    assert url.isascii()
    assert " " not in url
    given = " ".join(value for values in parse_qs(urlsplit(url).query).values() for value in values)
    if network.limits.takes_text:
        assert WORDS in unquote(given)
    if network.name != "instagram":
        assert LINK.url in unquote(given)
        assert unquote(given).count(LINK.url) == 1


@by_hand
def test_its_dialog_is_not_given_the_link_twice(network: Network) -> None:
    assert unquote(network.handoff(Draft(f"{WORDS} {LINK.url}", LINK))).count(LINK.url) <= 1


@by_hand
@pytest.mark.parametrize(
    "hostile", ['"><script>', "javascript:alert(1)", "a\r\nBcc: x@y.example", "&url=https://evil.example", "%0d%0aX"]
)
def test_hostile_words_stay_words(network: Network, hostile: str) -> None:
    url = network.handoff(Draft(hostile, Card(LINK.url, hostile)))
    assert not set("\r\n<>\"' ") & set(url)
    host = urlsplit(network.handoff(Draft("x", LINK))).netloc
    assert urlsplit(url).netloc == host
    assert "evil.example" not in parse_qs(urlsplit(url).query).get("url", [""])[0]
    assert "bcc" not in {name.lower() for name in parse_qs(urlsplit(url).query)}


@by_hand
def test_nothing_is_published_by_hand_networks(network: Network) -> None:
    with pytest.raises(Refused, match="unsupported"):
        network.publish(NOBODY, Draft("x"), "k")
    assert network.engagement(NOBODY, "x") is None
    assert network.followers(NOBODY) is None


def test_the_known_dialogs_have_the_documented_addresses() -> None:
    what = Draft("Hi there", LINK)
    link = "https%3A%2F%2Fgo.aurora.example%2Fl%2FAbCdEfGhIjK"
    assert {
        network.name: network.handoff(what) for network in networks() if network.channel is not Channel.PRACTICE
    } == {
        "linkedin": f"https://www.linkedin.com/sharing/share-offsite/?url={link}",
        "mastodon": "",
        "bluesky": f"https://bsky.app/intent/compose?text=Hi%20there%0A%0A{link}",
        "x": f"https://x.com/intent/post?text=Hi%20there&url={link}",
        "facebook": f"https://www.facebook.com/sharer/sharer.php?u={link}",
        "instagram": "https://www.instagram.com/",
        "threads": f"https://www.threads.net/intent/post?text=Hi%20there&url={link}",
        "whatsapp": f"https://wa.me/?text=Hi%20there%0A%0A{link}",
        "email": f"mailto:?subject=%C5%81%C3%B3d%C5%BA%20%26%20more%3F&body=Hi%20there%0D%0A%0D%0A{link}",
        "copy": "",
    }


def test_the_practice_network_takes_everything_and_counts_nothing() -> None:
    practice = get_network("practice")
    published = practice.publish(NOBODY, Draft("x"), "k1")
    assert practice.find(NOBODY, Draft("x"), "k1") == published
    assert not practice.counts
    assert [network.name for network in networks() if not network.counts] == ["practice"]


def test_only_mastodon_and_bluesky_connect_accounts() -> None:
    assert [network.name for network in by_api()] == ["mastodon", "bluesky"]


def test_an_unknown_network_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownNetwork):
        get_network("myspace")


def test_networks_never_import_one_another() -> None:
    folder = Path(vocero.networks.__file__).parent
    files = {type(network).__module__ for network in BUILT_IN}
    for module in files:
        tree = ast.parse((folder / f"{module.rsplit('.', 1)[1]}.py").read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & (files - {module})
