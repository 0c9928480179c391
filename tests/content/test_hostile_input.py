"""Bombs and traps in feeds and pages: the process that reads them has limits, and this one never feels them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vocero.content import parsing, reading
from vocero.content.reading import MOST_BYTES, NotAFeed, TooHeavy, read_feed, read_page

ROOT = str(Path(reading.__file__).parents[2])
RSS = '<rss version="2.0"><channel><title>T</title>%s</channel></rss>'
ENTITY_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + "]>"
    + RSS % "<item><title>&j;</title><link>https://e.example/1</link></item>"
)


def _processor_seconds() -> tuple[float, float]:
    """Processor time of this process and of its children so far."""
    times = os.times()
    return times.user + times.system, times.children_user + times.children_system


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real limits hold in the child; here a bomb shall cost one second, not ten."""
    monkeypatch.setattr(
        "vocero.content.reading._CHILD",
        reading._OWN_CODE + "from vocero.content import child; "
        'child.CPU_SECONDS = {"feed": 1, "page": 1}; sys.exit(child.main())',
    )


@pytest.mark.parametrize(
    "document",
    [
        "<item>" + "<div>" * 900_000,
        "<item><description>" + "<b>" * 400_000,
        "<item/>" * 700_000,
    ],
    ids=["nested tags in an entry", "nested tags in a text", "very many entries"],
)
def test_a_feed_that_never_ends_to_be_read_is_too_heavy(document: str) -> None:
    here, there = _processor_seconds()
    with pytest.raises(TooHeavy):
        read_feed((RSS % document).encode()[:MOST_BYTES], url="https://e.example/feed")
    here_after, there_after = _processor_seconds()
    assert here_after - here < 1  # the work was done elsewhere,
    assert there_after - there < 3  # and ended there


def test_a_page_of_nested_tags_is_too_heavy() -> None:
    with pytest.raises(TooHeavy):
        read_page(b"<div>" * 200_000, url="https://e.example/")


def test_more_than_five_mebibytes_are_not_even_tried() -> None:
    with pytest.raises(TooHeavy):
        read_feed(b" " * (MOST_BYTES + 1), url="https://e.example/feed")


@pytest.mark.parametrize(
    "document", [b"", b"[" * 500_000, b'{"a":' * 400_000, b"<html><body>no</body></html>", b"\x00" * 99]
)
def test_what_is_no_feed_is_called_so(document: bytes) -> None:
    with pytest.raises(NotAFeed):
        read_feed(document, url="https://e.example/feed")


def test_entities_that_multiply_stay_small() -> None:
    try:
        feed = read_feed(ENTITY_BOMB.encode(), url="https://e.example/feed")
    except (TooHeavy, NotAFeed):
        return
    assert all(len(entry.title) <= parsing.MOST_TITLE for entry in feed.entries)


def test_an_entity_that_names_a_file_brings_nothing_of_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("very-secret-words")
    document = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]>'
        + RSS % "<item><title>a &x; b</title><link>https://e.example/1</link></item>"
    )
    feed = read_feed(document.encode(), url="https://e.example/feed")
    assert "very-secret-words" not in str(feed)


def test_only_five_hundred_entries_are_taken() -> None:
    items = "".join(f"<item><link>https://e.example/{n}</link></item>" for n in range(600))
    assert len(read_feed((RSS % items).encode(), url="https://e.example/feed").entries) == 500


def test_addresses_that_are_no_web_addresses_are_left_out() -> None:
    links = [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://user:pw@e.example/",
        "//e.example/ok",
        "data:text/html,x",
    ]
    items = "".join(f"<item><title>t</title><link>{link}</link></item>" for link in links)
    feed = read_feed((RSS % items).encode(), url="https://e.example/feed")
    assert [entry.url for entry in feed.entries] == ["https://e.example/ok"]


@pytest.mark.parametrize(
    "deed",
    [
        "open('/etc/passwd').read()",
        "open(sys.argv[2] + '/new', 'w')",
        "__import__('socket').create_connection(('127.0.0.1', 9))",
        "__import__('subprocess').run(['true'])",
        "__import__('os').system('true')",
        "bytearray(500 * 1024 * 1024)",
    ],
)
def test_the_child_can_neither_open_files_nor_call_nor_start_programs_nor_take_memory(
    deed: str, tmp_path: Path
) -> None:
    code = (
        reading._OWN_CODE + "import socket, subprocess, os\n"
        "from vocero.content.child import forbid_the_world\n"
        "forbid_the_world(5)\n"
        f"try:\n    {deed}\nexcept (PermissionError, MemoryError):\n    sys.exit(42)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code, ROOT, str(tmp_path)], check=False)
    assert done.returncode == 42


def test_the_child_answers_in_json_alone() -> None:
    request = json.dumps({"kind": "feed", "url": "https://e.example/f", "content_type": ""}).encode() + b"\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", reading._CHILD, ROOT],
        input=request + (RSS % "").encode(),
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"title": "T", "site_url": "", "language": "", "entries": []}
