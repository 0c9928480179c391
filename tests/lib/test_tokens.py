"""Signed tokens are good for one purpose, one time span and one spelling."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from vocero.lib.tokens import BadToken, ExpiredToken, fingerprint, same, sign, unsign

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_gives_back_what_was_signed() -> None:
    payload = {"member": "aB3", "net": "mastodon", "ż": [1, None]}
    assert unsign("connect", sign("connect", payload, at=NOON), at=NOON) == payload


def test_no_token_is_accepted_for_another_purpose() -> None:
    purposes = ["connect", "invite", "report", "connect2", "connec"]
    for made_for in purposes:
        token = sign(made_for, "x", at=NOON)
        for offered_to in purposes:
            if offered_to != made_for:
                with pytest.raises(BadToken):
                    unsign(offered_to, token, at=NOON)


def test_every_altered_character_is_noticed() -> None:
    token = sign("connect", {"a": 1}, at=NOON)
    for place in range(len(token)):
        for other in "A9_-=. ":
            if token[place] != other:
                with pytest.raises(BadToken):
                    unsign("connect", token[:place] + other + token[place + 1 :], at=NOON)
    for wrong in ("", "x", token + "A", token + "=", token[:-1], " " + token, token + "\n", "ż" * 80):
        with pytest.raises(BadToken):
            unsign("connect", wrong, at=NOON)


def test_a_token_ends_when_its_time_is_over() -> None:
    token = sign("connect", 1, at=NOON)
    hour = timedelta(hours=1)
    assert unsign("connect", token, at=NOON + hour, max_age=hour) == 1
    with pytest.raises(ExpiredToken):
        unsign("connect", token, at=NOON + hour + timedelta(seconds=1), max_age=hour)
    with pytest.raises(BadToken):
        unsign("connect", token, at=NOON - timedelta(minutes=2))


def test_an_older_key_still_opens_and_a_foreign_one_does_not(settings: Settings) -> None:
    token, print_before = sign("connect", 1, at=NOON), fingerprint("api-key", "s")
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another-key"
    with pytest.raises(BadToken):
        unsign("connect", token, at=NOON)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert unsign("connect", token, at=NOON) == 1
    assert fingerprint("api-key", "s") != print_before


def test_a_fingerprint_is_stable_and_of_one_purpose() -> None:
    assert fingerprint("code", "123456") == fingerprint("code", "123456")
    assert len({fingerprint(purpose, "123456") for purpose in ("code", "key", "invite")}) == 3
    with pytest.raises(ValueError):
        fingerprint("", "123456")


def test_secrets_compare_whole() -> None:
    assert same("żółw", "żółw")
    assert not same("żółw", "żółty")
