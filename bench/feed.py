"""The feed and the share action of the largest company: 10,000 offered posts, 300,000 members, 3 million shares.

The server is the product's own (granian, WSGI) on one core, wrk on the other; each request is another signed-in member's.
Beside it, in the same rounds, the same pages without kept cards.
"""

import http.client
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from bench import feed_company, load, rounds
from bench.largest import CLICKS, ROOT, environ

NEEDS: Final = ("wrk", "taskset")
CONNECTIONS: Final = 4
SECONDS: Final = 6
ROUNDS: Final = 5
ACTIONS: Final = 300
_SECRET: Final = "b" * 32

_LUA = """
local requests, place = {}, 0
for line in io.lines("%s") do
  local path, cookie = line:match("^(%%S+)\\t(.*)$")
  requests[#requests + 1] = "GET " .. path .. " HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nCookie: sessionid=" .. cookie
    .. "\\r\\nUser-Agent: Mozilla/5.0 (iPhone) Safari/604.1\\r\\nAccept-Language: en\\r\\nAccept: text/html\\r\\n\\r\\n"
end
request = function()
  place = place %% #requests + 1
  return requests[place]
end
"""


def run(clicks: int = CLICKS) -> dict[str, float]:
    """Measure pages, their questions, and the share action in process and over HTTP."""
    folder = feed_company.build(clicks)
    inside = _inside(folder, "tell")
    sessions: list[str] = inside["sessions"]
    with tempfile.TemporaryDirectory(prefix="vocero-feed-") as place, ExitStack() as stack:
        script = _script(Path(place), sessions, inside["after"])
        kept = stack.enter_context(_server(folder, Path(place), "vocero.config.wsgi:application"))
        unkept = stack.enter_context(_server(folder, Path(place), "bench.feed_unkept:application"))
        for pid, port in (kept, unkept):
            load.measure(pid, f"http://127.0.0.1:{port}", script, seconds=SECONDS, connections=CONNECTIONS)

        def one_round() -> tuple[load.Measured, load.Measured]:
            first, second = (
                load.measure(pid, f"http://127.0.0.1:{port}", script, seconds=SECONDS, connections=CONNECTIONS)
                for pid, port in (kept, unkept)
            )
            return first, second

        pairs = rounds.steady(one_round, lambda pair: pair[1].rate, rounds=ROUNDS)
        over_http = _share_over_http(kept[1], sessions, inside["posts"])
    acted = _inside(folder, "share")
    return {
        "pages_per_second": rounds.middle(with_kept.rate for with_kept, _ in pairs),
        "p50_ms": rounds.middle(with_kept.p50_ms for with_kept, _ in pairs),
        "p99_ms": rounds.middle(with_kept.p99_ms for with_kept, _ in pairs),
        "cpu_ms_per_page": rounds.middle(with_kept.cpu_us / 1000 for with_kept, _ in pairs),
        "wrong": float(sum(one.wrong for pair in pairs for one in pair)),
        "ratio_cached": rounds.middle(with_kept.rate / without.rate for with_kept, without in pairs),
        "pages_per_second_unkept": rounds.middle(without.rate for _, without in pairs),
        "p99_ms_unkept": rounds.middle(without.p99_ms for _, without in pairs),
        "queries": float(inside["queries"]),
        "page_ms_in_process": inside["page_ms"],
        "share_queries": float(acted["queries"]),
        "share_ms_median": acted["ms_median"],
        "share_ms_p99": acted["ms_p99"],
        "share_ms_http_median": statistics.median(over_http) * 1000,
        "share_ms_http_p99": statistics.quantiles(over_http, n=100)[98] * 1000,
    }


def _inside(folder: Path, what: str) -> dict[str, Any]:
    """Run one of the functions below in a process of the installation's own."""
    command = ["taskset", "-c", str(load.SERVER_CORE), sys.executable, "-m", "bench.feed", what]
    told = subprocess.run(command, env=environ(folder), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(told)
    return found


@contextmanager
def _server(folder: Path, place: Path, target: str) -> Iterator[tuple[int, int]]:
    from vocero.config import supervisor

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    words = supervisor.granian("wsgi", target, host="127.0.0.1", port=port, workers=1, threads=supervisor.PAGE_THREADS)
    with load.pinned(words, environ=environ(folder), log=place / f"{port}.log", port=port) as pid:
        yield pid, port


def _script(place: Path, sessions: list[str], after: str) -> Path:
    """Of ten pages eight are the first, one is of a topic, and one is further down."""
    ways = ["/today"] * 8 + ["/today?topic=o000000000000007", f"/today?after={after}"]
    lines = [f"{ways[number % len(ways)]}\t{session}" for number, session in enumerate(sessions)]
    (place / "requests.txt").write_text("\n".join(lines) + "\n")
    (place / "requests.lua").write_text(_LUA % (place / "requests.txt"))
    return place / "requests.lua"


def _share_over_http(port: int, sessions: list[str], posts: list[str]) -> list[float]:
    """Share as many members would, one after the other; gives the seconds of each."""
    found = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(ACTIONS):
        body = f"network=linkedin&text=Share+{time.time_ns()}&do=share&again=1&csrfmiddlewaretoken={_SECRET}"
        headers = {
            "Cookie": f"sessionid={sessions[number % len(sessions)]}; csrftoken={_SECRET}",
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1",
        }
        began = time.perf_counter()
        connection.request("POST", f"/share/{posts[number % len(posts)]}", body, headers)
        answer = connection.getresponse()
        answer.read()
        found.append(time.perf_counter() - began)
        if answer.status != http.HTTPStatus.FOUND:
            raise RuntimeError(f"a share was answered with {answer.status}")
    return found


def _tell() -> dict[str, Any]:
    """Make sessions, and count and time the page in this process."""
    from datetime import UTC, datetime

    from vocero.company.queries import house
    from vocero.content.models import Post
    from vocero.tracking.services import make_salts

    at = datetime.now(UTC)
    make_salts(house(), at=at)
    sessions = _sessions(feed_company.SIGNED_IN)
    clients = [_client(session) for session in sessions[:200]]
    page = _opened(clients[0], "/today")
    after = page.split("after=", 1)[1].split('"', 1)[0]
    times = []
    asked = 0
    for turn in range(2):
        for client in clients:
            client.get("/today") if not turn else None
            began = time.perf_counter()
            with _counting() as questions:
                _opened(client, "/today")
            times.append(time.perf_counter() - began)
            asked = max(asked, len(questions)) if turn else 0
    posts = (
        Post.objects.filter(segments=None, expires_at=None).order_by("-pk").values_list("public_id", flat=True)[:500]
    )
    return {
        "sessions": sessions, "after": after, "queries": asked, "posts": list(posts),
        "page_ms": statistics.median(times[len(clients):]) * 1000,
    }  # fmt: skip


def _share() -> dict[str, Any]:
    """Count and time the share action in this process: each time another member's, who opened a page before."""
    from vocero.content.models import Post

    posts = list(
        Post.objects.filter(segments=None, expires_at=None).order_by("-pk").values_list("public_id", flat=True)[:50]
    )
    clients = [_client(session) for session in _sessions(ACTIONS)]
    asked, times = 0, []
    for turn in ("warm", "counted", "timed"):
        for number, client in enumerate(clients):
            data = {"network": "linkedin", "text": f"Share {time.time_ns()}", "do": "share", "again": "1"}
            with _counting() if turn == "counted" else nullcontext(()) as questions:
                began = time.perf_counter()
                answer = client.post(f"/share/{posts[number % len(posts)]}", data)
                took = time.perf_counter() - began
            if answer.status_code != http.HTTPStatus.FOUND:
                raise RuntimeError(f"a share was answered with {answer.status_code}")
            asked = max(asked, len(questions))
            times += [took] if turn == "timed" else []
    return {
        "queries": asked,
        "ms_median": statistics.median(times) * 1000,
        "ms_p99": statistics.quantiles(times, n=100)[98] * 1000,
    }


def _opened(client: Any, address: str) -> str:
    answer = client.get(address)
    if answer.status_code != http.HTTPStatus.OK:
        raise RuntimeError(f"{address} was answered with {answer.status_code}")
    return str(answer.content.decode())


@contextmanager
def _counting() -> Iterator[list[str]]:
    """Give the questions that were asked meanwhile; where a transaction begins and ends is none."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    questions: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield questions
    questions += [
        query["sql"] for query in captured.captured_queries if query["sql"].split(" ", 1)[0] not in {"BEGIN", "COMMIT"}
    ]


def _sessions(many: int) -> list[str]:
    """Sign in members from all over the company."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.db import transaction

    from vocero.people.models import Member
    from vocero.web.public.reading import SessionStore

    people = Member.objects.filter(role=Member.Role.ADVOCATE)
    step = max(1, people.count() // many)
    members = people.filter(pk__in=[3 + number * step for number in range(many)])
    keys = []
    with transaction.atomic():
        for member in members:
            session = SessionStore()
            session[SESSION_KEY] = str(member.pk)
            session[BACKEND_SESSION_KEY] = "vocero.web.public.reading.MemberBackend"
            session[HASH_SESSION_KEY] = member.get_session_auth_hash()
            session.create()
            keys.append(str(session.session_key))
    return keys


def _client(session: str) -> Any:
    from django.test import Client

    client = Client(headers={"host": "127.0.0.1", "user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
    client.cookies["sessionid"] = session
    return client


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"tell": _tell, "share": _share}[sys.argv[1]]()))
