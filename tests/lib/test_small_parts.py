"""Clock, refusals, ids, words in several languages and money."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import gettext_lazy as _
from hypothesis import given
from hypothesis import strategies as some

from vocero.lib import clock, ids, words
from vocero.lib.errors import Refusal
from vocero.lib.money import CURRENCIES, BadMoney, Money, decimals, from_millionths, to_millionths

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_clock_gives_utc() -> None:
    assert clock.now().tzinfo is UTC


def test_a_moved_clock_is_gone_after_its_block_even_after_an_error() -> None:
    with clock.moved_clock(NOON):
        assert clock.now() == NOON
    with pytest.raises(ZeroDivisionError), clock.moved_clock(NOON):
        raise ZeroDivisionError
    assert clock.now() != NOON


def test_a_moving_clock_moves_only_when_told() -> None:
    moving = clock.MovingClock(NOON)
    with clock.moved_clock(moving):
        assert clock.now() == clock.now() == NOON
        moving.advance(timedelta(days=1))
        assert clock.now() == NOON + timedelta(days=1)
        moving.move_to(NOON)
        assert clock.now() == NOON


def test_a_clock_without_zone_is_refused() -> None:
    with pytest.raises(ValueError):
        clock.set_clock(lambda: datetime(2026, 1, 1))  # noqa: DTZ001
    assert clock.now().tzinfo is UTC


def test_a_refusal_says_its_sentence_with_its_values() -> None:
    refusal = Refusal(_("At most %(most)s characters."), field="text", most=500)
    assert (str(refusal), refusal.field) == ("At most 500 characters.", "text")
    assert str(Refusal("100 % yours.")) == "100 % yours."


def test_ids_have_their_length_and_never_repeat() -> None:
    made = {ids.public_id() for _ in range(2000)} | {ids.link_token() for _ in range(2000)}
    assert len(made) == 4000
    assert {len(one) for one in made} == {11, 12}
    assert set("".join(made)) == set(ids.BASE62)
    assert all(len(ids.new_code()) == 6 and ids.new_code().isdigit() for _ in range(500))


def test_only_link_tokens_look_like_link_tokens() -> None:
    assert ids.is_link_token(ids.link_token())
    for text in ("", "short", "x" * 12, "../../../et", "aaaaaaaaaa\n", "żółwżółwżół"):
        assert not ids.is_link_token(text)


def test_words_fall_back_to_the_members_language_then_the_companys_then_the_first() -> None:
    texts = {"it": "ciao", "en": "hello", "pl": " "}
    assert words.pick(texts, ["en", "it"]) == "hello"
    assert words.pick(texts, ["pl", "en"]) == "hello"
    assert words.pick(texts, ["es", "de"]) == "ciao"
    assert words.pick(texts, ["en-gb"]) == "hello"
    assert words.pick({}, ["en"]) == ""
    assert words.pick_language(texts, ["pl"]) == "it"
    assert words.only_filled(texts) == {"it": "ciao", "en": "hello"}


def test_money_keeps_the_decimals_of_its_currency() -> None:
    assert Money.of("12.30", "EUR") == Money(1230, "EUR")
    assert Money.of(500, "JPY") == Money(500, "JPY")
    assert Money.of("1.234", "KWD") == Money(1234, "KWD")
    assert str(Money(1230, "EUR").amount) == "12.30"
    assert str(Money(500, "JPY").amount) == "500"
    for amount, currency in (
        ("1.234", "EUR"),
        ("0.5", "JPY"),
        ("x", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("1", "XXX"),
    ):
        with pytest.raises(BadMoney):
            Money.of(amount, currency)
    with pytest.raises(BadMoney):
        Money.of("1e300", "EUR")


def test_every_currency_has_three_letters_and_its_decimals() -> None:
    assert len(CURRENCIES) > 150
    assert all(len(code) == 3 and decimals(code) in {0, 2, 3} for code in CURRENCIES)


def test_different_currencies_do_not_add() -> None:
    assert Money(1, "EUR") + Money(2, "EUR") == Money(3, "EUR")
    with pytest.raises(BadMoney):
        Money(1, "EUR") + Money(2, "PLN")


def test_rates_are_whole_millionths_and_convert_between_different_decimals() -> None:
    rate = to_millionths("4.2534567")
    assert (rate, from_millionths(rate)) == (4253457, Decimal("4.253457"))
    assert Money(10000, "EUR").converted(rate, "PLN") == Money(42535, "PLN")
    assert Money(10000, "EUR").converted(to_millionths(165), "JPY") == Money(16500, "JPY")
    assert Money(16500, "JPY").converted(to_millionths("0.0061"), "EUR") == Money(10065, "EUR")
    assert Money(5, "EUR").times(Decimal("0.5")) == Money(2, "EUR")
    with pytest.raises(BadMoney):
        to_millionths("Infinity")


@given(some.integers(-(10**15), 10**15), some.sampled_from(sorted(CURRENCIES)))
def test_an_amount_survives_the_way_there_and_back(minor: int, currency: str) -> None:
    assert Money.of(Money(minor, currency).amount, currency).minor == minor
