"""What an agent's text says: a network's preview fetcher, a robot or a person's browser, and on what device."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

PATTERNS: Final = Path(__file__).parent / "tables" / "bots.txt"
_CACHED: Final = 20_000

# Fetchers of link previews: they come right after a share, ask for the page's title and picture, and are no readers.
_PREVIEWERS: Final = (
    r"linkedinbot",
    r"facebookexternalhit",
    r"facebot",
    r"facebookcatalog",
    r"meta-externalfetcher",
    r"twitterbot",
    r"cardyb",
    r"^mastodon/",
    r"^(?:pleroma|akkoma|misskey|gotosocial|friendica|lemmy|pixelfed|peertube|hubzilla|snac|mitra)\b",
    r"^whatsapp/",
    r"telegrambot",
    r"discordbot",
    r"slackbot",
    r"slack-imgproxy",
    r"skypeuripreview",
    r"microsoftpreview",
    r"^microsoft office",
    r"^viber",
    r"^snapchat",
    r"pinterest(?:bot)?/\d.*\+https?://",
    r"redditbot",
    r"tumblr/",
    r"vkshare",
    r"xing-contenttabreceiver",
    r"embedly",
    r"iframely",
    r"^synapse ",
    r"mattermost",
    r"rocket\.chat",
    r"nextcloud server crawler",
    r"kakaotalk-scrap",
    r"line-poker",
    r"google-pagerenderer",
    r"bitlybot",
    r"opengraph",
)
_previewer = re.compile("|".join(_PREVIEWERS), re.IGNORECASE | re.ASCII)
_tablet = re.compile(r"ipad|tablet|kindle|silk/|playbook|^(?!.*mobi).*android", re.IGNORECASE | re.ASCII)
_phone = re.compile(r"mobi|iphone|ipod|android|windows phone", re.IGNORECASE | re.ASCII)

PERSON: Final = "person"
PREVIEW: Final = "preview"
BOT: Final = "bot"


class Agent(NamedTuple):
    """What is known of an agent: its class, and the device ("phone", "tablet", "desktop"; blank unless a person's)."""

    kind: str
    device: str


def _read_patterns() -> re.Pattern[str]:
    lines = PATTERNS.read_text().splitlines()
    return re.compile("|".join(line for line in lines if line and not line.startswith("# ")), re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=1)
def _bot() -> re.Pattern[str]:
    return _read_patterns()


@lru_cache(maxsize=_CACHED)
def is_previewer(agent: str) -> bool:
    """Say whether this agent fetches previews for a social network or a messenger."""
    return _previewer.search(agent) is not None


@lru_cache(maxsize=_CACHED)
def read_agent(agent: str) -> Agent:
    """Give what an agent's text says; the answer for a text is kept, since few texts make most clicks."""
    if is_previewer(agent):
        return Agent(PREVIEW, "")
    if agent and _bot().search(agent):
        return Agent(BOT, "")
    if not agent:
        return Agent(PERSON, "")
    if _tablet.search(agent):
        return Agent(PERSON, "tablet")
    return Agent(PERSON, "phone" if _phone.search(agent) else "desktop")
