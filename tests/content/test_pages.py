"""Pages say what they are in four ways; the first that says something wins."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vocero.content.pages import page_key, read_page

ADDRESS = "https://www.mozilla.org/en-US/firefox/developer/"


def _read(html: str, url: str = "https://www.example.org/news/a-story") -> object:
    return read_page(html.encode(), url=url, content_type="text/html; charset=utf-8")


def test_a_real_page_of_mozilla_is_read(source_package: Callable[[str], Path]) -> None:
    page = (source_package("trafilatura") / "tests/resources/mozilla.org.firefox.developer.html").read_bytes()
    preview = read_page(page, url=ADDRESS)
    assert preview.title == "Welcome to Firefox Developer Edition"
    assert preview.description.startswith("Built for those who build the Web.")
    assert preview.image_url.endswith("page-image.03bbe7da3199.png")
    assert preview.site_name == "Mozilla"
    assert preview.language == "en"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("apache.html", "Apache Status"),
        ("http_sample.html", "Herman Melville - Moby-Dick"),
        ("scam.html", "Scam List of Tor"),
        ("utf8.html", "Unicode Demo"),
        ("exotic_tags.html", "invalid TEI tag"),
    ],
)
def test_pages_without_any_card_still_have_a_title_and_a_host(
    source_package: Callable[[str], Path], name: str, title: str
) -> None:
    page = (source_package("trafilatura") / "tests/resources" / name).read_bytes()
    preview = read_page(page, url="https://www.example.org/some/page")
    assert preview.title == title
    assert preview.site_name


def test_open_graph_wins_over_everything_else(source_package: Callable[[str], Path]) -> None:
    folder = source_package("metadata_parser") / "tests/html_scaffolds"
    for name in ("simple.html", "duplicates.html"):
        preview = read_page((folder / name).read_bytes(), url="https://www.example.com/")
        assert preview.title == "meta.property=og:title"
        assert preview.description == "meta.property=og:description"
        assert preview.image_url == "https://www.example.com/meta/property=og:image"


def test_json_ld_is_read_where_there_is_no_card() -> None:
    preview = _read("""<html lang="it-IT"><head><title>Sito</title><script type="application/ld+json">
        {"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"Il Sito"},
        {"@type":["NewsArticle"],"headline":"Una notizia","description":"Che cosa è successo",
         "image":[{"@type":"ImageObject","url":"/foto.jpg"}],"publisher":{"name":"La Gazzetta"},
         "datePublished":"2026-11-02T08:30:00+01:00"}]}</script></head></html>""")
    assert preview.title == "Una notizia"
    assert preview.description == "Che cosa è successo"
    assert preview.image_url == "https://www.example.org/foto.jpg"
    assert preview.site_name == "La Gazzetta"
    assert preview.language == "it"
    assert preview.published_at.isoformat() == "2026-11-02T07:30:00+00:00"


def test_broken_json_ld_does_not_hide_the_rest() -> None:
    assert _read('<title>There</title><script type="application/ld+json">{"a": [</script>').title == "There"


def test_markup_and_entities_become_text() -> None:
    page = _read(
        '<meta property="og:description" content="&lt;b&gt;Tom &amp;amp; Ana&lt;/b&gt;&lt;script&gt;x()&lt;/script&gt;">'
    )
    assert page.description == "Tom & Ana"


def test_the_pages_own_address_is_kept_when_it_is_on_the_same_site() -> None:
    head = '<link rel="canonical" href="%s"><title>t</title>'
    assert _read(head % "/news/a-story?id=1").url == "https://www.example.org/news/a-story?id=1"
    assert _read(head % "https://evil.example/").url == "https://www.example.org/news/a-story"
    assert _read(head % "https://example.org/").url == "https://www.example.org/news/a-story"


@pytest.mark.parametrize(
    ("bytes_", "content_type"),
    [
        ("<title>Zażółć gęślą</title>".encode("windows-1250"), "text/html; charset=windows-1250"),
        ('<meta charset="iso-8859-2"><title>Zażółć gęślą</title>'.encode("iso-8859-2"), "text/html"),
        ("<title>Zażółć gęślą</title>".encode("utf-16"), ""),
        ("<title>Zażółć gęślą</title>".encode(), "text/html; charset=nonsense"),
    ],
)
def test_pages_in_other_encodings_keep_their_letters(bytes_: bytes, content_type: str) -> None:
    assert read_page(bytes_, url="https://example.org/", content_type=content_type).title == "Zażółć gęślą"


def test_spellings_of_one_page_have_one_key() -> None:
    spellings = [
        "https://www.example.org/a/b/?id=7&utm_source=x#top",
        "http://example.org/a/b?utm_campaign=y&id=7",
        "https://example.org:443/a/b?id=7&fbclid=z",
    ]
    assert len({page_key(url) for url in spellings}) == 1
    assert page_key("https://example.org/a/b?id=8") != page_key(spellings[0])
    assert page_key("https://example.org/A/b?id=7") != page_key(spellings[0])
