"""Every feed that feedparser, podcastparser and reader test with is read without an exception, and cleanly."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from vocero.content import parsing
from vocero.content.feeds import feed_of
from vocero.content.reading import read_feed

SourcePackage = Callable[[str], Path]
ADDRESS = "https://example.com/feed.xml"
MARKUP = re.compile(r"<(?:script|iframe|img|a|b|p|div|span)\b[^>]*>", re.IGNORECASE)


def _texts(data: dict[str, object]) -> Iterator[str]:
    for entry in data["entries"]:  # type: ignore[attr-defined]
        yield from (entry["title"], entry["summary"])


@pytest.fixture(scope="module")
def feedparser_files(source_package: SourcePackage) -> list[Path]:
    return sorted((source_package("feedparser") / "tests").rglob("*.xml"))


def test_all_feeds_of_feedparsers_own_tests_are_read_or_refused(feedparser_files: list[Path]) -> None:
    assert len(feedparser_files) >= 2242
    read, refused = 0, 0
    for path in feedparser_files:
        try:
            data = parsing.read(path.read_bytes(), url=ADDRESS)
        except parsing.NotAFeed:
            refused += 1
            continue
        read += 1
        json.dumps(data).encode()
        feed = feed_of(data)
        for entry in feed.entries:
            parts = urlsplit(entry.url)
            assert parts.scheme in {"http", "https"}, path
            assert parts.netloc, path
            assert len(entry.title) <= 300, path
            assert len(entry.summary) <= 2000, path
            assert "\x00" not in entry.title + entry.summary, path
    assert read > 1900
    assert refused < 342


def test_scripts_in_feedparsers_sanitising_tests_do_not_survive_as_markup(feedparser_files: list[Path]) -> None:
    hostile = [path for path in feedparser_files if "sanitize" in path.parts]
    assert len(hostile) > 200
    for path in hostile:
        data = parsing.read(path.read_bytes(), url=ADDRESS)
        for entry in data["entries"]:
            assert not MARKUP.search(entry["summary"]), path


def test_podcastparsers_expected_titles_are_found(source_package: SourcePackage) -> None:
    folder = source_package("podcastparser") / "tests" / "data"
    compared = 0
    for path in sorted(folder.glob("*.rss")):
        expected = json.loads(path.with_suffix(".json").read_text()) if path.with_suffix(".json").exists() else None
        try:
            data = parsing.read(path.read_bytes(), url=ADDRESS)
        except parsing.NotAFeed:
            continue
        if not expected or len(expected["episodes"]) != len(data["entries"]):
            continue
        expected_titles = sorted(" ".join((episode.get("title") or "").split()) for episode in expected["episodes"])
        found_titles = sorted(entry["title"] for entry in data["entries"])
        if all(expected_titles) and all(found_titles):
            assert found_titles == expected_titles, path
            compared += 1
    assert compared >= 20


def test_readers_feeds_come_through_the_child_process_as_they_are_read_here(source_package: SourcePackage) -> None:
    folder = source_package("reader") / "tests" / "data"
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in {".rss", ".atom", ".json"}]
    assert paths
    through = 0
    for path in paths:
        try:
            here = feed_of(parsing.read(path.read_bytes(), url=ADDRESS))
        except parsing.NotAFeed:
            continue
        assert read_feed(path.read_bytes(), url=ADDRESS) == here, path
        through += 1
    assert through >= 3


def test_feeds_in_old_encodings_come_through_the_child_process(feedparser_files: list[Path]) -> None:
    names = {"big5.xml", "koi8_r.xml", "windows_1250.xml", "iso_8859_2.xml", "utf_16_le_bom.xml", "shift_jis.xml"}
    chosen = [path for path in feedparser_files if "encoding" in path.parts and path.name.lower() in names]
    chosen = chosen or [path for path in feedparser_files if "encoding" in path.parts][::40]
    for path in chosen:
        here = feed_of(parsing.read(path.read_bytes(), url=ADDRESS))
        assert read_feed(path.read_bytes(), url=ADDRESS) == here, path
