"""Characters as people count them, words, addresses in texts, and hostile markup made harmless."""

import time

import nh3
import pytest

from vocero.lib import text


@pytest.mark.parametrize(
    ("words", "count"),
    [("", 0), ("abc", 3), ("zażółć", 6), ("zaz\u0307o\u0301łc\u0301", 6), ("👨‍👩‍👧‍👦", 1), ("🇵🇱🇮🇹", 2), ("👍🏽", 1),
     ("1️⃣", 1), ("\r\n", 1), ("नमस्ते", 3), ("각", 1)],
)  # fmt: skip
def test_characters_are_counted_as_people_do(words: str, count: int) -> None:
    assert text.count_graphemes(words) == count == len(text.graphemes(words))


def test_a_shortened_text_ends_at_a_word_and_never_inside_a_character() -> None:
    assert text.truncate("short", 5) == "short"
    assert text.truncate("a long sentence here", 16) == "a long sentence…"
    assert text.truncate("👨‍👩‍👧‍👦" * 5, 3) == "👨‍👩‍👧‍👦" * 2 + "…"
    assert text.truncate("abc", 0) == ""


def test_texts_are_tidied() -> None:
    assert text.tidy("a \r\n\r\n\r\n\r\nb\x00\x07\rc\u0301") == "a\n\nb\nć"
    assert text.one_line(" a\n\tb \u00a0 c\x00") == "a b c"


def test_words_and_their_borders() -> None:
    assert text.words("L'azienda e-commerce: żółw, 3D!") == ["L'azienda", "e-commerce", "żółw", "3D"]
    sentence = "Wdrożyliśmy AcmePro, a nie AcmeProX."
    first = sentence.index("AcmePro")
    second = sentence.rindex("AcmePro")
    assert text.is_whole_word(sentence, first, first + 7)
    assert not text.is_whole_word(sentence, second, second + 7)
    assert text.is_whole_word("x", 0, 1)
    assert not text.is_whole_word("e\u0301x", 2, 3)
    assert text.folded("ＡcmePro STRASSE") == text.folded("acmepro straße")


def test_addresses_are_found_without_the_sentences_punctuation() -> None:
    found = [
        url
        for _, _, url in text.urls(
            "See https://a.example/x_(y)), (http://b.example/?a=1&b=2). “HTTPS://C.example/ż”… https:// x"
        )
    ]
    assert found == ["https://a.example/x_(y)", "http://b.example/?a=1&b=2", "HTTPS://C.example/ż"]
    sentence = "Ż https://a.example!"
    assert [sentence[start:end] for start, end, _ in text.urls(sentence)] == ["https://a.example"]


def test_html_becomes_text() -> None:
    markup = "<p>Fish &amp; chips</p><script>alert(1)</script><ul><li>one<li>two</ul><style>p{}</style>line<br/>break"
    assert text.strip_html(markup).split() == ["Fish", "&", "chips", "one", "two", "line", "break"]
    assert text.strip_html("a<br>b</p>c") == "a\nb\nc"


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](/relative)",
    "![x](https://tracker.example/pixel.png)",
    "<a href='https://ok.example' onclick='x()' style='position:fixed' hx-get='/x'>a</a>",
    "<iframe src=//evil.example></iframe>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form action=//evil.example><button>x</button></form>",
    "<base href=//evil.example>",
    "<div hx-on:click='x'>a</div>",
    '"><script>x</script>',
    "<b id=x class=y data-z=1>bold</b>",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("render", [text.render_markdown, text.safe_html])
def test_nothing_hostile_survives(hostile: str, render: object) -> None:
    shown = render(hostile).lower()  # type: ignore[operator]
    for start in (
        "<script",
        "<img",
        "<svg",
        "<iframe",
        "<form",
        "<base",
        "<style",
        "<math",
        'href="javascript',
        'href="data',
        'href="/',
        "<div",
    ):
        assert start not in shown
    inside_tags = "".join(part.split(">", 1)[0] for part in shown.split("<")[1:])
    for word in ("onerror", "onload", "onclick", "style=", "hx-", "class=", "id=", "data-"):
        assert word not in inside_tags


def test_markdown_keeps_what_people_write() -> None:
    shown = text.render_markdown(
        "# Hi\n\n**bold** [link](https://a.example)\n\n- one\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n~~old~~ <b>raw</b>"
    )
    for part in (
        "<h1>Hi</h1>",
        "<strong>bold</strong>",
        'href="https://a.example"',
        "<li>one</li>",
        "<td>1</td>",
        "<s>old</s>",
        "&lt;b&gt;raw",
    ):
        assert part in shown
    assert shown == nh3.clean(shown, link_rel="noopener noreferrer nofollow")


@pytest.mark.parametrize(
    "attack", ["https://" + ")" * 50_000, "a-" * 50_000, "<" * 50_000, "\n" * 100_000, "[" * 3_000, "e\u0301" * 50_000]
)
def test_long_attacks_end_soon(attack: str) -> None:
    started = time.process_time()
    list(text.urls(attack)), text.words(attack), text.tidy(attack), text.count_graphemes(attack)
    text.strip_html(attack), text.render_markdown(attack)
    assert time.process_time() - started < 5
