"""What comes of the main path outside: what networks hold, what readers and a shop do, and whether the figures agree."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from tests.running import Running, wait_for
from tests.servers.bluesky import BlueskyServer, Person
from tests.servers.mastodon import MastodonServer

READER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"
OTHER_READER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


# the world outside


def wait_for_record(server: BlueskyServer, person: Person) -> dict[str, Any]:
    wait_for(lambda: server.posts(person.did), what="the post on Bluesky")
    posts = server.posts(person.did)
    assert len(posts) == 1
    return dict(posts[0]["value"])


def wait_for_status(server: MastodonServer, known: set[str]) -> dict[str, Any]:
    new = [one for one in server.statuses("ada") if one["id"] not in known]
    assert len(new) == 1
    return dict(new[0])


def link_in(text: str, house: Running) -> str:
    """The tracked link in what was posted."""
    found = re.search(rf"{re.escape(house.url)}/l/\w{{11}}", text)
    assert found, text
    return found.group()


def last_link(page: Any, house: Running) -> str:
    """The tracked link of the handoff, as the handoff's own page shows it."""
    page.goto(house.url + "/shares")
    page.locator('a[href^="/shares/"]').first.click()
    page.wait_for_url("**/shares/*")
    return link_in(page.content(), house)


def visit(link: str, agent: str = READER) -> str:
    """Follow a tracked link as a reader's browser does; gives the click's word that the address carries."""
    answer = httpx2.get(link, headers={"User-Agent": agent, "Accept": "text/html"}, follow_redirects=False, timeout=60)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["utm_medium"] == ["employee-advocacy"]
    assert not any(re.search(r"\bana\b", value, re.IGNORECASE) for values in query.values() for value in values)
    return query["vclick"][0]


def report_twice(house: Running, key: str, word: str) -> None:
    """The shop's server reports one sale, and again."""
    sale = {"id": "order-1", "kind": "purchase", "click": word, "value": "49.90", "currency": "EUR"}
    told = [
        httpx2.post(
            f"{house.url}/api/v1/conversions", json=sale, headers={"Authorization": f"Bearer {key}"}, timeout=60
        ).status_code
        for _ in range(2)
    ]
    assert told == [201, 200]


# the figures

_COUNT = """
from datetime import timedelta
from vocero.lib.clock import now
from vocero.tracking.tasks import credit_waiting_conversions
from vocero.measurement.tasks import roll_up_recent
from vocero.recognition.tasks import score_recent
for task in (credit_waiting_conversions, roll_up_recent, score_recent):
    task(now())
"""
_TOTALS = """
import json
from django.db.models import Sum
from vocero.recognition.models import LedgerEntry
from vocero.sharing.models import Share
from vocero.tracking.models import Click, Conversion
valid = Click.objects.filter(verdict__in=["valid", "repeat"])
print(json.dumps({
    "shares": Share.objects.filter(day_on__isnull=False).count(),
    "raw": Click.objects.count(), "valid": valid.count(), "unique": valid.filter(verdict="valid").count(),
    "conversions": Conversion.objects.filter(state="credited").count(),
    "value": Conversion.objects.filter(state="credited").aggregate(all=Sum("company_amount"))["all"],
    "points": LedgerEntry.objects.aggregate(all=Sum("points"))["all"],
}))
"""
_REACTIONS = """
import json
from datetime import timedelta
from vocero.lib.clock import now
from vocero.sharing.models import EngagementReading
from vocero.sharing.tasks import read_engagement
read_engagement(now() + timedelta(days=1, hours=2))
print(json.dumps({one.share.network: (one.reactions, one.comments, one.reshares) for one in
                  EngagementReading.objects.select_related("share").order_by("read_at")}))
"""


def count(house: Running) -> None:
    """Wait until every click is in, then do the counting that the worker does every minute."""
    wait_for(lambda: ask(house, _TOTALS)["raw"] >= 9, what="the clicks to be taken in")
    done = house.run("shell", "--verbosity", "0", "-c", _COUNT)
    assert done.returncode == 0, done.stderr


def ask(house: Running, program: str) -> dict[str, Any]:
    """Run a few lines in the installation and give the JSON that they print last."""
    import json

    done = house.run("shell", "--verbosity", "0", "-c", program)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def house_totals(house: Running) -> dict[str, Any]:
    """The facts, counted by hand from the rows."""
    return ask(house, _TOTALS)


def reactions(house: Running) -> dict[str, tuple[int, int, int]]:
    """What the networks tell about the shares: reactions, comments, reshares."""
    return {network: tuple(numbers) for network, numbers in ask(house, _REACTIONS).items()}


def agrees_with_the_pages(phone: Any, desk: Any, house: Running, totals: dict[str, Any]) -> None:
    """Results and the advocate's page show the same as the facts, to the unit."""
    phone.goto(house.url + "/shares")
    shown = phone.locator("main").inner_text()
    assert re.search(rf"\b{totals['unique']}\b", shown)
    assert re.search(rf"\b{totals['points']}\b", shown)
    desk.goto(house.url + "/manage/results/")
    text = desk.locator("main").inner_text()
    for name in ("unique", "shares", "conversions"):
        assert re.search(rf"\b{totals[name]}\b", text), f"{name}: {text}"
    assert "49" in text
