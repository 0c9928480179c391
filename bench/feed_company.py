"""Builds, once, the installation whose feed is measured: 10,000 offered posts in four languages, 300,000 members, 3 million shares.

People, posts and shares are those of the largest company (`bench.largest_facts`); here the posts get what a feed looks at.
`python -m bench.feed_company [CLICKS]` builds it below `.cache/bench` unless it is there already, and prints its folder.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.largest import CACHE, CLICKS, ROOT, _house, environ, say

SIGNED_IN: Final = 2_000
_STAMP: Final = "feed.json"


def build(clicks: int = CLICKS) -> Path:
    """Give the data folder of the installation, built if it is not there or not of this version; fewer clicks, fewer people."""
    folder = CACHE / ("feed" if clicks == CLICKS else f"feed-{clicks}")
    stamp = folder / _STAMP
    if stamp.is_file() and json.loads(stamp.read_text())["version"] == _version():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(
        [sys.executable, "-m", "bench.feed_company", "--fill", str(clicks)], env=environ(folder), cwd=ROOT, check=True
    )
    stamp.write_text(json.dumps({"version": _version()}))
    return folder


def _version() -> str:
    files = [*sorted(ROOT.glob("bench/largest*.py")), Path(__file__), *sorted(ROOT.glob("vocero/*/migrations/*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def fill(clicks: int) -> None:
    """Fill the empty installation that the environment names."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    from bench.largest_facts import DAYS, Filler, Size
    from vocero.sharing.models import Link, Share

    began = time.perf_counter()
    call_command("prepare")
    connection.ensure_connection()
    raw = connection.connection
    for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "cache_size=-500000", "foreign_keys=OFF"):
        raw.execute(f"PRAGMA {pragma}")
    size = Size(clicks)
    filler = Filler(raw, size)
    _house()
    with transaction.atomic():
        filler.draws()
        filler.people()
        filler.posts()
    say(f"{size.members} members, {size.posts} posts", began)
    with transaction.atomic():
        _dress(raw, size.posts)
    say("their captions, pictures, groups and readers", began)
    filler.put_indexes_aside(Share, Link)
    for number in range(DAYS):
        with transaction.atomic():
            filler.shares(number)
        if number % 90 == 89:
            say(f"shares of {number + 1} days", began)
    filler.make_indexes()
    say(f"{size.shares} shares and links with their indexes", began)
    raw.execute("PRAGMA journal_mode=WAL")


def _dress(raw: Any, posts: int) -> None:
    """Give posts languages, captions, pictures, groups and endings, and members topics that they follow."""
    series = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) "
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    language = "CASE {0} % 4 WHEN 0 THEN 'en' WHEN 1 THEN 'es' WHEN 2 THEN 'it' ELSE 'pl' END"
    raw.execute("UPDATE content_topic SET name = json_object('en', 'Topic ' || id, 'es', 'Tema ' || id)")
    raw.execute(
        f"UPDATE content_post SET language = {language.format('id')},"
        " title = 'What we learned in workshop ' || id || ' about heat, steel and people',"
        " description = 'Three teams tried something new for a month and wrote down what worked, what did not and why. '"
        " || 'The most surprising part: how little had to change before everybody noticed. Number ' || id || '.',"
        " why_share = CASE WHEN id % 3 = 0 THEN 'Your network asks about this every week: here is the answer.' ELSE '' END,"
        f" featured_at = CASE WHEN id % 2500 = 0 THEN '{at}' END,"
        " expires_at = CASE WHEN id % 50 = 0 THEN '2031-01-01 00:00:00' END"
    )
    raw.execute(
        "INSERT INTO company_storedfile (id, key, sha256, content_type, size, width, height, created_at) "
        f"{series % posts} SELECT i, printf('k%031d', i), printf('%064d', i), 'image/webp', 40000, 1200, 630, '{at}' FROM s"
    )
    raw.execute("UPDATE content_post SET card_image_id = id WHERE id % 3 = 0")
    raw.execute(
        "INSERT INTO content_postimage (post_id, file_id, alt, position)"
        " SELECT id, id, 'A hand on a machine', 0 FROM content_post WHERE id % 3 = 1"
    )
    for number, code in enumerate(("en", "es", "it", "pl")):
        raw.execute(
            "INSERT INTO content_caption (public_id, post_id, language, network, text, position, created_at)"
            f" SELECT printf('x%d%014d', {number}, id), id, '{code}', '', 'Here is what changed in our workshop, and why it"
            f" matters to people like you.', {number}, '{at}' FROM content_post WHERE id % 4 = {number} OR id % 5 = 0"
        )
    raw.execute(
        "INSERT INTO people_segment (id, public_id, program_id, name, locations, languages, created_at) "
        f"{series % 40} SELECT i, printf('g%015d', i), 1, json_object('en', 'Group ' || i), '[]', '[]', '{at}' FROM s"
    )
    raw.execute("INSERT INTO people_segment_teams (segment_id, team_id) SELECT 1 + id % 40, id FROM people_team")
    raw.execute(
        "INSERT INTO people_segment_picked (segment_id, member_id) SELECT 1 + id % 40, id FROM people_member WHERE id % 20 = 0"
    )
    raw.execute(
        "INSERT INTO content_post_segments (post_id, segment_id) SELECT id, 1 + id % 40 FROM content_post WHERE id % 7 = 0"
    )
    raw.execute(
        "INSERT OR IGNORE INTO content_topicfollow (member_id, topic_id)"
        " SELECT m.id, 1 + (m.id * 7 + n.i * 11) % 30 FROM people_member m,"
        " (SELECT 0 AS i UNION SELECT 1 UNION SELECT 2) n WHERE m.id % 10 > 1"
    )


if __name__ == "__main__":
    if "--fill" in sys.argv:
        fill(int(sys.argv[-1]))
    else:
        print(build(*map(int, sys.argv[1:])))
