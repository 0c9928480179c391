"""Where links lead: UTM values are added, what the author of an address wrote wins, and nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocero.tracking.links.target import encode_target

UTM = {"source": "linkedin", "medium": "employee-advocacy", "campaign": "spring & more", "content": "p1-c2"}
ADDED = "utm_source=linkedin&utm_medium=employee-advocacy&utm_campaign=spring%20%26%20more&utm_content=p1-c2"


def leads_to(url: str, utm: dict[str, str] | None = None, word: str = "") -> str | None:
    target = encode_target(url, UTM if utm is None else utm, 1)
    return target.location(word) if target else None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", f"https://a.example?{ADDED}"),
        ("https://a.example/x?", f"https://a.example/x?{ADDED}"),
        ("https://a.example/x?q=1&q=2", f"https://a.example/x?q=1&q=2&{ADDED}"),
        ("https://a.example/x#part", f"https://a.example/x?{ADDED}#part"),
        ("https://a.example/x?q=a%20b+c#p?r", f"https://a.example/x?q=a%20b+c&{ADDED}#p?r"),
        (
            "https://a.example/?utm_source=theirs&UTM_Campaign=",
            "https://a.example/?utm_source=theirs&UTM_Campaign=&utm_medium=employee-advocacy&utm_content=p1-c2",
        ),
        ("https://bit.ly/abc", "https://bit.ly/abc"),
        ("https://www.bit.ly/abc?x=1", "https://www.bit.ly/abc?x=1"),
        ("https://notbit.ly/abc", f"https://notbit.ly/abc?{ADDED}"),
        ("https://zażółć.example/gęś", f"https://xn--zac-5cdyi72bta.example/g%C4%99%C5%9B?{ADDED}"),
        ("https://a.example/a b\r\nSet-Cookie: x", f"https://a.example/a%20b%0D%0ASet-Cookie:%20x?{ADDED}"),
    ],
)
def test_utm_values_are_added_and_the_address_stays(url: str, expected: str) -> None:
    found = leads_to(url)
    if "xn--" in expected:
        assert found is not None
        assert found.startswith("https://xn--")
        assert found.endswith(expected.partition(".example")[2])
    else:
        assert found == expected


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "/l/x",
        "",
        "ftp://a.example",
        "https://",
        "http://[::1",
    ],
)
def test_what_is_no_web_address_is_no_target(url: str) -> None:
    assert leads_to(url) is None


def test_the_clicks_word_goes_before_the_fragment() -> None:
    assert leads_to("https://a.example/x#y", {}, "W") == "https://a.example/x?vclick=W#y"
    assert leads_to("https://a.example/x?a=1#y", {}, "W") == "https://a.example/x?a=1&vclick=W#y"


@given(st.text(max_size=60))
def test_a_location_can_stand_in_a_header_whatever_the_address(text: str) -> None:
    found = leads_to(f"https://a.example/{text}")
    if found is not None:
        assert found.isascii()
        assert found.isprintable()
        assert " " not in found
