"""The balance names what the next post should be, and says why."""

import pytest

from tests.cast import MOMENT, House
from tests.content import makers
from vocero.content import services
from vocero.content.mix import mix_from, mix_of
from vocero.content.queries import inbox_candidates_for_mix

C, OWN, P = "curated", "company", "promotional"


@pytest.mark.parametrize(
    ("newest_first", "wanted"),
    [
        ([], C),
        ([C] * 4, OWN),
        ([C] * 6, OWN),
        ([C] * 6 + [OWN] * 3, P),
        ([C] * 5 + [OWN] * 3 + [P], C),
        ([C] * 6 + [OWN] * 2 + [P], OWN),
        ([P] * 9, C),
        ([C] * 6 + [OWN] * 3 + [P], P),  # the promotional one is the tenth and makes room
        ([P] + [C] * 6 + [OWN] * 3, OWN),
        ([C] * 6 + [OWN] * 3 + [P] * 90, P),
    ],
)
def test_the_next_one_is_of_the_origin_that_lacks_most(newest_first: list[str], wanted: str) -> None:
    mix = mix_from([(origin, ["educate"]) for origin in newest_first])
    assert mix.next_origin == wanted
    assert mix.next_text
    assert mix.why


def test_following_the_advice_from_nothing_gives_six_three_and_one() -> None:
    offered: list[tuple[str, list[str]]] = []
    for _ in range(40):
        offered.insert(0, (mix_from(offered).next_origin, []))
    for start in range(30):
        mix = mix_from(offered[start:])
        assert (mix.curated, mix.company, mix.promotional) == (6, 3, 1)


def test_one_too_many_is_warned_of() -> None:
    mix = mix_from([(P, []), *[(C, [])] * 6, *[(OWN, [])] * 2])
    assert "promotional" in mix.warning_for(P)
    assert "curated" in mix.warning_for(C)
    assert mix.warning_for(OWN) == ""
    assert mix.warning_for("") == ""


def test_purposes_that_are_missing_are_named() -> None:
    mix = mix_from([(C, ["educate", "entertain"]), (C, ["educate"])])
    assert mix.purposes == {"entertain": 1, "enlighten": 0, "educate": 2}
    assert mix.missing_purposes == ["enlighten"]
    assert mix.missing_texts
    assert mix_from([]).missing_texts == []


def test_the_mix_counts_the_last_ten_offered_of_the_program(house: House) -> None:
    for number in range(12):
        makers.offered(house.program, title=str(number), origin=P if number < 2 else C)
    makers.draft(house.program, origin=OWN)
    mix = mix_of(house.program)
    assert (mix.considered, mix.curated, mix.promotional) == (10, 10, 0)


def test_candidates_from_the_inbox_fit_first_and_then_the_undecided(house: House) -> None:
    fits = makers.source(house.program, origin=OWN, feed_url="https://a.example/f")
    undecided = makers.source(house.program, feed_url="https://b.example/f")
    other = makers.source(house.program, origin=P, feed_url="https://c.example/f")
    for source, name in ((other, "advert"), (undecided, "maybe"), (fits, "story")):
        services.ingest_entries(source, makers.feed(makers.entry(name)), at=MOMENT)
    mix = mix_from([(C, [])] * 6)
    assert makers.titles(inbox_candidates_for_mix(house.program, mix, at_most=3)) == ["About story", "About maybe"]
