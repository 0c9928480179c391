"""Real robots are told from real browsers: 2,118 of the ones, some 400 of the others, and the apps people read in."""

import time
from pathlib import Path

import pytest

from vocero.tracking.agents import is_previewer, read_agent

LISTS = Path(__file__).parent / "agents"

# What the link previews of the networks and messengers call themselves.
PREVIEWERS = (
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "meta-externalfetcher/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    "Twitterbot/1.0",
    "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
    "Mastodon/4.3.1 (http.rb/5.2.0; +https://mastodon.social/)",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
)


def agents(name: str) -> list[str]:
    return (LISTS / name).read_text().splitlines()


def test_at_least_99_of_100_robots_are_found_out() -> None:
    robots = agents("robots.txt")
    missed = [agent for agent in robots if read_agent(agent).kind == "person"]
    assert len(robots) > 2000
    assert len(missed) <= len(robots) / 100, missed


def test_no_browser_of_today_is_taken_for_a_robot() -> None:
    browsers = agents("browsers.txt")
    assert len(browsers) > 300
    assert [agent for agent in browsers if read_agent(agent).kind != "person"] == []
    assert {read_agent(agent).device for agent in browsers} <= {"phone", "tablet", "desktop"}


@pytest.mark.parametrize("agent", agents("apps.txt"))
def test_people_who_read_inside_an_app_are_people(agent: str) -> None:
    assert read_agent(agent).kind == "person"
    assert read_agent(agent).device == "phone"
    assert not is_previewer(agent)


@pytest.mark.parametrize("agent", PREVIEWERS)
def test_what_fetches_a_preview_is_known(agent: str) -> None:
    assert read_agent(agent).kind == "preview"


def test_no_agent_takes_long_however_it_is_made() -> None:
    for agent in (
        "a" * 512,
        " " * 512,
        "a.com " * 85,
        "((" * 256,
        ";a" * 256,
        "Mozilla/5.0 (" + "x/1.0 " * 83,
        "/" * 512,
    ):
        begun = time.thread_time()
        read_agent.__wrapped__(agent)
        assert time.thread_time() - begun < 0.5  # of the processor, however busy the machine is
