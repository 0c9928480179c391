"""The plan of the demo's ninety days, drawn from one seed: who joins when, who shares how often, who clicks what."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

DAYS: Final = 90
WAVES: Final = ((4, 60), (18, 90), (39, 90))
"""Day of the invitation and how many colleagues it goes to."""
JOINING: Final = 0.58
DECLINING: Final = 0.09
LEAVING: Final = 0.03
NETWORKS: Final = {
    "linkedin": 50, "mastodon": 13, "bluesky": 11, "x": 7, "facebook": 9, "whatsapp": 7, "threads": 2, "email": 1,
}  # fmt: skip
BY_API: Final = frozenset({"mastodon", "bluesky"})
AUDIENCES: Final = ((0, 100), (100, 500), (500, 1000), (1000, 5000))

AGENTS: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
ROBOTS: Final = (
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "python-requests/2.32.5",
)
REFERRERS: Final = {
    "linkedin": "https://www.linkedin.com", "x": "https://t.co", "facebook": "https://l.facebook.com",
    "bluesky": "https://go.bsky.app", "mastodon": "https://social.velora.example",
}  # fmt: skip


@dataclass(frozen=True)
class Habit:
    """How one colleague takes part, if at all."""

    answers: str
    """joins, declines or does not answer"""
    after_days: int
    shares_a_week: float
    networks: tuple[str, ...]
    audience: tuple[int, int]
    personalizes: float
    drawn: float
    """how much their network clicks, around 1"""
    leaves_on_day: int | None


def habit(draw: random.Random) -> Habit:
    """Draw one colleague's habit: most are quiet, a few carry a lot, some say no."""
    answer = draw.random()
    answers = "joins" if answer < JOINING else "declines" if answer < JOINING + DECLINING else "does not answer"
    pace = draw.choices((0.15, 0.5, 1.1, 2.4), weights=(34, 38, 21, 7))[0]
    first = draw.choices(list(NETWORKS), weights=list(NETWORKS.values()))[0]
    second = draw.choices(list(NETWORKS), weights=list(NETWORKS.values()))[0]
    return Habit(
        answers=answers,
        after_days=min(int(draw.expovariate(1 / 2.5)), 16),
        shares_a_week=pace,
        networks=tuple(dict.fromkeys((first, second))),
        audience=draw.choices(AUDIENCES, weights=(20, 45, 25, 10))[0],
        personalizes=draw.choice((0.1, 0.3, 0.6, 0.9)),
        drawn=draw.lognormvariate(0, 0.6),
        leaves_on_day=draw.randrange(45, DAYS) if draw.random() < LEAVING else None,
    )


def season(day: int, weekday: int) -> float:
    """How lively a day is: weekends are quiet, the program grows a little."""
    return (0.25 if weekday >= 5 else 1.0) * (0.8 + 0.4 * day / DAYS)


def clicks_of_share(draw: random.Random, *, network: str, drawn: float, personalized: bool) -> list[timedelta]:
    """Draw when the people behind one share click, counted from the share; private channels bring few but sure ones."""
    mean = {"whatsapp": 3.0, "email": 2.0, "linkedin": 6.0}.get(network, 4.0) * drawn * (1.45 if personalized else 1.0)
    count = min(int(draw.paretovariate(1.6) * mean * 0.55), 90)
    return sorted(timedelta(hours=min(draw.expovariate(1 / 11), 90)) for _ in range(count))


def robots_of_share(draw: random.Random) -> list[timedelta]:
    """Draw when robots come by: nearly always a preview at once, sometimes more later."""
    return [timedelta(seconds=draw.uniform(1, 40)) for _ in range(draw.choice((1, 1, 2)))] + [
        timedelta(hours=draw.uniform(1, 48)) for _ in range(draw.choice((0, 0, 1)))
    ]
