"""The facts of the largest company, from a seed, set by set in SQL: people, posts, shares with links, clicks, points.

Everything is drawn from one table of a million rows, so that a set is one statement and the same seed gives the same rows.
"""

import json
import random
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Final

from django.db.models import NOT_PROVIDED, Model

from vocero.tracking.segment import first_id_at
from vocero.tracking.visitors import first_visitor_of

ENDS_ON: Final = date(2026, 9, 30)
"""Fixed, so that the same seed gives the same rows on every day; the bench turns the clock to this day."""
DAYS: Final = 365
KEPT_DAYS: Final = 92
"""A whole quarter, so that its figures can be recounted."""
SEED: Final = 20261
DRAWS: Final = 1 << 20
_BLOCK: Final = 1024
_MOST_AGE: Final = 30
NETWORKS: Final = (
    ("linkedin", 0.55), ("x", 0.70), ("facebook", 0.82), ("whatsapp", 0.90), ("mastodon", 0.95), ("bluesky", 1.0),
)  # fmt: skip
_BY_API: Final = ("mastodon", "bluesky")
_LANGUAGES: Final = ("en", "es", "it", "pl")
_VERDICTS: Final = (
    ("bot", 0.10),
    ("preview", 0.15),
    ("prefetch", 0.16),
    ("own", 0.17),
    ("head", 0.175),
    ("no_agent", 0.18),
)
_DIVISIONS: Final = 16
_DAY_US: Final = 86_400_000_000
_SERIES: Final = (
    "FROM (WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < :many) SELECT i FROM s)"
)


@dataclass(frozen=True)
class Size:
    """How large the company is; everything but the clicks follows from them unless told."""

    clicks: int = 100_000_000
    teams: int = 400
    campaigns: int = 200
    topics: int = 30
    posts: int = 10_000

    @property
    def shares(self) -> int:
        """Three shares for a hundred clicks."""
        return max(self.clicks * 3 // 100, 1000)

    @property
    def members(self) -> int:
        """One member for ten shares; six in ten of them share."""
        return self.shares // 10

    @cached_property
    def weights(self) -> list[float]:
        """How busy each day is: few on weekends, more towards the end, and one day when the chief executive posts."""
        days = [ENDS_ON - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
        found = [(0.35 if day.weekday() > 4 else 1.0) * (0.8 + 0.4 * number / DAYS) for number, day in enumerate(days)]
        found[DAYS - 20] *= 2.5
        return found

    def spread(self, total: int) -> list[int]:
        """Divide a total over the days; the parts add up to it."""
        whole, done, parts = sum(self.weights), 0.0, []
        for weight in self.weights:
            parts.append(int((done + weight) / whole * total + 1e-6) - int(done / whole * total + 1e-6))
            done += weight
        return parts


def day_of(number: int) -> date:
    """Give the day with a number from 0 on."""
    return ENDS_ON - timedelta(days=DAYS - 1 - number)


class Filler:
    """Writes facts through one SQLite connection; indexes that can be made afterwards are put aside meanwhile."""

    def __init__(self, database: sqlite3.Connection, size: Size) -> None:
        self._database = database
        self._size = size
        self._draw = random.Random(SEED)
        self._aside: list[str] = []

    def run(self, sql: str, **values: Any) -> None:
        """Run one statement."""
        self._database.execute(sql, values)

    def insert(self, model: type[Model], columns: dict[str, str], source: str, **values: Any) -> None:
        """Fill a table from a query: the expression of each column; the others take the model's default."""
        given = columns | {name: what for name, what in _defaults(model).items() if name not in columns}
        names = ", ".join(f'"{name}"' for name in given)
        table = model._meta.db_table
        self.run(f"INSERT OR IGNORE INTO {table} ({names}) SELECT {', '.join(given.values())} {source}", **values)

    def put_indexes_aside(self, *models: type[Model]) -> None:
        """Drop the indexes of tables until `make_indexes`."""
        for model in models:
            found = self._database.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
                [model._meta.db_table],
            ).fetchall()
            for name, sql in found:
                self._aside.append(sql)
                self.run(f'DROP INDEX "{name}"')

    def make_indexes(self) -> None:
        """Make the dropped indexes again."""
        while self._aside:
            self.run(self._aside.pop())

    def draws(self) -> None:
        """Draw the table that everything else comes from."""
        self.run(
            "CREATE TEMP TABLE draw (n INTEGER PRIMARY KEY, a REAL, b REAL, c REAL, e REAL, age INT, r REAL, v REAL,"
            " verdict TEXT, device TEXT)"
        )
        self._database.executemany("INSERT INTO draw VALUES (?,?,?,?,?,?,?,?,?,?)", self._drawn())
        first = 1
        self.run("CREATE TEMP TABLE day (t INTEGER PRIMARY KEY, first INT, shares INT)")
        for number, shares in enumerate(self._size.spread(self._size.shares)):
            self.run("INSERT INTO day VALUES (:t, :first, :shares)", t=number, first=first, shares=shares)
            first += shares

    def _drawn(self) -> Any:
        draw, last = self._draw, (0, 0.0, 0.0, "bot")
        for number in range(DRAWS):
            if number % _BLOCK and last[3] == "valid" and draw.random() < 0.08:
                last = (*last[:3], "repeat")
            else:
                chance = draw.random()
                verdict = next((name for name, until in _VERDICTS if chance < until), "valid")
                last = (min(int(draw.expovariate(1 / 0.8)), _MOST_AGE), draw.random() ** 2, draw.random(), verdict)
            device = "pppdddt"[draw.randrange(7)]
            yield (number, draw.random(), draw.random(), draw.random(), draw.random(), *last, device)

    def people(self) -> None:
        """Teams, members who were invited and joined, and what some told of their followers."""
        from vocero.networks.models import Audience
        from vocero.people.models import ConsentEvent, ConsentText, Enrolment, Invitation, Member, Team

        begins = f"'{day_of(0)} 00:00:00'"
        self.insert(
            Team,
            {
                "id": "i", "public_id": "printf('t%015d', i)", "name": "'Team ' || i",
                "parent_id": f"CASE WHEN i > {_DIVISIONS} THEN 1 + i % {_DIVISIONS} END",
            },
            _SERIES, many=self._size.teams,
        )  # fmt: skip
        self.insert(
            Member,
            {
                "id": "i", "public_id": "printf('m%015d', i)", "email": "'p' || i || '@largest.example'",
                "name": "'Person ' || i", "password": "'!'", "team_id": self._team("i"), "location": _location("i"),
                "country": "'DE'", "language": _language("i"), "created_at": begins,
            },
            _SERIES, many=self._size.members,
        )  # fmt: skip
        self.run("UPDATE people_member SET role = 'owner' WHERE id = 1")
        self.run("UPDATE people_member SET role = 'manager' WHERE id = 2")
        text = ConsentText.objects.get_or_create(
            version=1, defaults={"text": {"en": "Yes"}, "created_at": datetime.now(UTC)}
        )
        joins = "strftime('%Y-%m-%d %H:%M:%S', :start + (i * 7919 % 200) * 86400 + 36000, 'unixepoch')"
        start = int(datetime.combine(day_of(0), time.min, UTC).timestamp())
        every = {"many": self._size.members, "start": start}
        self.insert(
            Invitation,
            {
                "id": "i", "member_id": "i", "program_id": "1", "channel": "'mail'", "token_hash": "printf('%064d', i)",
                "created_at": begins, "sent_at": begins, "expires_at": begins, "used_at": joins,
            },
            _SERIES, **every,
        )  # fmt: skip
        self.insert(
            Enrolment,
            {
                "id": "i", "member_id": "i", "program_id": "1", "state": "'joined'", "consent_text_id": str(text[0].pk),
                "joined_at": joins, "changed_at": joins, "shows_name": "i % 5 = 0",
            },
            _SERIES, **every,
        )  # fmt: skip
        self.insert(
            ConsentEvent,
            {"id": "i", "enrolment_id": "i", "text_id": str(text[0].pk), "state": "'joined'", "language": "'en'", "at": joins},
            _SERIES, **every,
        )  # fmt: skip
        self.insert(
            Audience,
            {
                "id": "i", "member_id": "i * 3 - 2", "network": "'linkedin'", "low": "100 + i % 7 * 100",
                "high": "300 + i % 7 * 200", "origin": "'entered'", "updated_at": begins,
            },
            _SERIES, many=self._size.members // 3,
        )  # fmt: skip

    def posts(self) -> None:
        """Topics, campaigns, and posts that appear evenly over the year; the newest wait for somebody to share them."""
        from vocero.content.models import Campaign, Post, Topic

        size, begins = self._size, f"'{day_of(0)} 00:00:00'"
        self.insert(
            Topic,
            {
                "id": "i", "public_id": "printf('o%015d', i)", "program_id": "1",
                "name": "json_object('en', 'Topic ' || i)", "created_at": begins,
            },
            _SERIES, many=size.topics,
        )  # fmt: skip
        self.insert(
            Campaign,
            {
                "id": "i", "public_id": "printf('c%015d', i)", "program_id": "1", "name": "'Campaign ' || i",
                "code": "'c' || i", "created_at": begins,
            },
            _SERIES, many=size.campaigns,
        )  # fmt: skip
        rows: list[tuple[Any, ...]] = []
        marks: list[tuple[int, int]] = []
        places: list[tuple[int, str]] = []
        for post in range(1, size.posts + 1):
            born = day_of(min((post - 1) * DAYS // size.posts, DAYS - 1))
            running = post * size.campaigns // size.posts
            campaign = max(1, running - post * 31 % 50) if post % 3 else None
            topics = sorted({1 + post % size.topics, 1 + (post * 7 + 3) % size.topics})
            origin = ("curated", "curated", "curated", "company", "company", "promotional")[post % 6]
            kind = ("branded", "employer_brand", "industry_insight")[post % 3]
            purposes = json.dumps([("entertain", "enlighten", "educate")[post % 3]])
            rows.append((post, f"p{post:015d}", born.isoformat(), campaign, origin, kind, purposes))
            marks += [(post, topic) for topic in topics]
            places.append((post, json.dumps(topics)))
        self.run("CREATE TEMP TABLE post_place (id INTEGER PRIMARY KEY, topics TEXT)")
        self._database.executemany("INSERT INTO post_place VALUES (?, ?)", places)
        self.run(
            "CREATE TEMP TABLE new_post (id INT, public_id TEXT, born TEXT, campaign INT, origin TEXT, kind TEXT, purposes TEXT)"
        )
        self._database.executemany("INSERT INTO new_post VALUES (?,?,?,?,?,?,?)", rows)
        moment = "born || ' 08:00:00'"
        self.insert(
            Post,
            {
                "id": "id", "public_id": "public_id", "program_id": "1", "state": "'offered'", "title": "'Post ' || id",
                "url": "'https://largest.example/' || id", "kind": "kind", "origin": "origin", "purposes": "purposes",
                "campaign_id": "campaign", "language": "'en'", "created_at": moment, "updated_at": moment,
                "offered_at": moment,
            },
            "FROM new_post",
        )  # fmt: skip
        self._database.executemany("INSERT INTO content_post_topics (post_id, topic_id) VALUES (?, ?)", marks)

    def _team(self, member: str) -> str:
        return f"{_DIVISIONS} + 1 + ({member}) % {self._size.teams - _DIVISIONS}"

    def shares(self, number: int) -> None:
        """The shares of a day with their links, and some that were begun and never came out."""
        from vocero.sharing.models import Link, Share

        size = self._size
        first, many = self._database.execute("SELECT first, shares FROM day WHERE t = ?", [number]).fetchone()
        begins = int(datetime.combine(day_of(number), time.min, UTC).timestamp())
        newest = min(size.posts, 1 + number * size.posts // DAYS)
        member = f"1 + CAST({size.members * 6 // 10} * a * (0.05 + 0.95 * a) AS INT) * 7919 % {size.members}"
        network = "CASE " + " ".join(f"WHEN e < {until} THEN '{name}'" for name, until in NETWORKS) + " END"
        drawn = (
            f"SELECT d.n - :skip AS i, {member} AS member,"
            f" MAX(1, :newest - CAST(b * b * {30 * size.posts // DAYS} AS INT)) AS post, {network} AS network, c,"
            " strftime('%Y-%m-%d %H:%M:%S', :begins + (d.n - :skip) * 86399 / :many, 'unixepoch') AS moment"
            " FROM draw d WHERE d.n >= :skip AND d.n < :skip + :many"
        )
        team = self._team("f.member")
        frozen = {
            "program_id": "1", "member_id": "f.member", "post_id": "p.id", "network": "f.network",
            "channel": f"CASE WHEN f.network IN {_BY_API} THEN 'api' ELSE 'handoff' END",
            "text": "'Worth reading.'", "team_id": team,
            "team_path": f"'[' || (1 + ({team}) % {_DIVISIONS}) || ', ' || ({team}) || ']'",
            "location": _location("f.member"), "country": "'DE'", "language": _language("f.member"),
            "campaign_id": "p.campaign_id", "origin": "p.origin", "kind": "p.kind", "purposes": "p.purposes",
            "topics": "l.topics", "personalized": "f.c < 0.3", "disclosed": "1", "created_at": "f.moment",
        }  # fmt: skip
        source = f"FROM ({drawn}) f JOIN content_post p ON p.id = f.post JOIN temp.post_place l ON l.id = f.post"
        values = {"begins": begins, "newest": newest, "skip": _skip(number, many)}
        self.insert(
            Share,
            frozen | {
                "id": ":first + f.i", "public_id": "printf('s%015d', :first + f.i)", "state": "'sent'",
                "certainty": f"CASE WHEN f.network IN {_BY_API} THEN 'published' WHEN f.c > 0.85 THEN 'self_reported'"
                " ELSE 'measured' END",
                "out_at": "f.moment", "day_on": ":day",
            },
            source, first=first, many=many, day=day_of(number).isoformat(), **values,
        )  # fmt: skip
        begun = many // 20
        if begun:
            self.insert(
                Share,
                frozen | {
                    "id": ":first + f.i", "public_id": "printf('s%015d', :first + f.i)", "state": "'started'",
                },
                source, first=size.shares + 1 + first // 20 + number, many=begun, **values,
            )  # fmt: skip
        self.insert(
            Link,
            {
                "id": "id", "token": "printf('%011d', id)", "kind": "'share'", "share_id": "id", "post_id": "post_id",
                "target_url": "'https://largest.example/' || post_id", "state": "'live'", "created_at": "created_at",
            },
            "FROM sharing_share WHERE id >= :first AND id < :first + :many",
            first=first, many=many,
        )  # fmt: skip

    def clicks(self, number: int) -> int:
        """The clicks of a day on shares of that day and the days before; gives how many rows there are."""
        from vocero.tracking.models import Click

        day, many = day_of(number), self._size.spread(self._size.clicks)[number]
        base = first_id_at(datetime.combine(day, time.min, UTC))
        done = 0
        while done < many:
            part = min(many - done, DRAWS)
            skip = _skip(number, part)
            self.insert(
                Click,
                {
                    "id": ":base + ((:done + d.n - :skip) * :us / :many << 12) + (d.n & 4095)",
                    "link_id": "t.first + CAST(t.shares * d.r AS INT)",
                    "visitor": ":visitor + ((CAST(d.v * :visitors AS INT) * 2654435761 + :done) & 281474976710655)",
                    "verdict": "d.verdict", "network_class": "0", "device": "d.device",
                    "referrer_id": "CASE WHEN d.n % 3 = 0 THEN 1 + d.n % 5 END",
                },
                "FROM draw d CROSS JOIN day t ON t.t = MAX(0, :t - d.age) WHERE d.n >= :skip AND d.n < :skip + :part",
                base=base, us=_DAY_US, many=many, done=done, part=part, skip=skip, t=number,
                visitor=first_visitor_of(day), visitors=many * 44 // 100,
            )  # fmt: skip
            done += part
        end = first_id_at(datetime.combine(day + timedelta(days=1), time.min, UTC))
        found = self._database.execute("SELECT COUNT(*) FROM tracking_click WHERE id >= ? AND id < ?", [base, end])
        return int(found.fetchone()[0])

    def outcomes(self) -> None:
        """Conversions of one share in fifty, and two readings of what each published share got."""
        from vocero.company.models import ApiKey
        from vocero.sharing.models import EngagementReading
        from vocero.tracking.models import Conversion

        self.insert(
            ApiKey,
            {"id": "1", "public_id": "'k1'", "program_id": "1", "name": "'Shop'", "kind": "'secret'", "prefix": "'k'",
             "secret_hash": "'k'", "created_at": f"'{day_of(0)}'"},
            "",
        )  # fmt: skip
        self.insert(
            Conversion,
            {
                "id": "id", "public_id": "printf('v%015d', id)", "program_id": "1", "api_key_id": "1", "external_id": "id",
                "kind": "CASE id % 3 WHEN 0 THEN 'purchase' WHEN 1 THEN 'lead' ELSE 'sign_up' END",
                "amount": "CASE id % 3 WHEN 0 THEN 1000 + id % 9000 END",
                "currency": "CASE id % 3 WHEN 0 THEN 'EUR' ELSE '' END",
                "company_amount": "CASE id % 3 WHEN 0 THEN 1000 + id % 9000 END", "share_id": "id", "verified": "1",
                "state": "'credited'", "at": "out_at", "day_on": "day_on", "received_at": "out_at",
            },
            "FROM sharing_share WHERE day_on IS NOT NULL AND id % 50 = 0",
        )  # fmt: skip
        for later in (1, 3):
            self.insert(
                EngagementReading,
                {
                    "id": f"2 * id + {later // 3}", "share_id": "id", "day_on": f"date(day_on, '+{later} day')",
                    "reactions": f"id % 7 * {later}", "comments": f"id % 3 * {later}", "reshares": f"id % 2 * {later}",
                    "read_at": f"datetime(out_at, '+{later} day')",
                },
                f"FROM sharing_share WHERE day_on <= '{ENDS_ON - timedelta(days=later)}' AND channel = 'api'",
            )  # fmt: skip

    def points(self, unique_clicks: str) -> None:
        """The ledger as the rules would have it; `unique_clicks` is a query of (share_id, clicks)."""
        from vocero.recognition.models import LedgerEntry

        self.run(f"CREATE TEMP TABLE clicked AS {unique_clicks}")
        self.run("CREATE UNIQUE INDEX temp.clicked_share ON clicked (share_id)")
        earning = "FROM sharing_share s JOIN temp.clicked c ON c.share_id = s.id WHERE s.day_on IS NOT NULL"
        for place, (rule, points, further) in enumerate(
            (("shared", "5", ""), ("personalized", "3", "AND s.personalized"), ("clicked", "MIN(c.clicks, 20)", ""))
        ):
            self.insert(
                LedgerEntry,
                {
                    "id": f"3 * s.id + {place}", "program_id": "1", "member_id": "s.member_id", "share_id": "s.id",
                    "rule": f"'{rule}'", "rule_version": "1", "fact": "'share:' || s.id || ':1'", "points": points,
                    "at": "s.out_at", "day_on": "s.day_on",
                },
                f"{earning} {further}",
            )  # fmt: skip


def _skip(number: int, many: int) -> int:
    """Where in the drawn rows a day begins: another place each day, at the beginning of a block."""
    room = (DRAWS - many) // _BLOCK
    return (number * 389 % room) * _BLOCK if room > 0 else 0


def _location(member: str) -> str:
    return f"'City ' || (({member}) * 31 % 60 + 1)"


def _language(member: str) -> str:
    return f"substr('{''.join(_LANGUAGES)}', 1 + 2 * (({member}) % {len(_LANGUAGES)}), 2)"


def _defaults(model: type[Model]) -> dict[str, str]:
    """Give an SQL literal for each column of a table that is not given a value."""
    found: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        if field.column is None or (field.primary_key and not field.is_relation):
            continue
        default = field.default() if callable(field.default) and field.default in (list, dict) else field.default
        if isinstance(default, (list, dict)):
            found[field.column] = f"'{json.dumps(default)}'"
        elif default is not NOT_PROVIDED and isinstance(default, (bool, int)):
            found[field.column] = str(int(default))
        elif isinstance(default, str):
            found[field.column] = f"'{default}'"
        else:
            found[field.column] = "NULL" if field.null else "''"
    return found
