"""Pictures of the main pages for eyes to judge: `python -m tests.web.screenshots OUTDIR`.

Three states of a company: lived in (with the longest name), empty, with 5,000 people and posts; each on a phone and on a
desktop, in light and dark, in English and Polish. The database and its files are thrown away afterwards.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

WIDTHS = {390: 844, 1440: 900}
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "pl")
MANY = 5_000

type Places = dict[str, list[tuple[str, str]]]


def main(words: list[str]) -> int:
    """Take all pictures into the folder that is named; gives the exit code."""
    if len(words) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    import tests.environment  # noqa: F401  # a data folder of its own, before Django reads its settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "vocero.config.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread
    import django
    from django.conf import settings
    from django.test.utils import setup_test_environment

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    database = settings.DATABASES["default"]
    database.setdefault("TEST", {})["NAME"] = str(settings.ENVIRONMENT.data / "test.sqlite3")
    django.setup()
    setup_test_environment()
    with ExitStack() as stack:
        taken = _take(Path(words[0]), stack)
    print(f"{taken} pictures in {words[0]}")
    return 0


def _take(folder: Path, stack: ExitStack) -> int:
    from django.core.management import call_command
    from django.db import connection
    from django.test.runner import DiscoverRunner

    from vocero.company import triggers

    runner = DiscoverRunner(verbosity=0, interactive=False)
    made = runner.setup_databases()
    stack.callback(runner.teardown_databases, made)
    triggers.release(connection)
    url = stack.enter_context(_server())
    browser = stack.enter_context(_browser())
    taken = 0
    for state, make in _STATES.items():
        with ExitStack() as things:
            taken += _photograph(browser, url, folder / state, make(url, things))
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    return taken


@contextmanager
def _server() -> Iterator[str]:
    from pytest_django.live_server_helper import LiveServer

    server = LiveServer("localhost")
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def _browser() -> Iterator[Any]:
    import shutil

    from playwright.sync_api import sync_playwright

    from tests.conftest import CHROMIUM_NAMES

    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def _photograph(browser: Any, url: str, folder: Path, places: Places) -> int:
    """Give how many pictures of the places (by the e-mail of who looks, "" for nobody) were taken."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    for language in LANGUAGES:
        for width, height in WIDTHS.items():
            for email, addresses in places.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height}, locale=language, reduced_motion="reduce"
                )
                _sign_in(context, url, email, language)
                page = context.new_page()
                for name, address in addresses:
                    page.goto(url + address)
                    for scheme in SCHEMES:
                        page.emulate_media(color_scheme=scheme)
                        page.wait_for_timeout(250)  # colors are on their way
                        page.screenshot(path=folder / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
                        taken += 1
                context.close()
    return taken


def _sign_in(context: Any, url: str, email: str, language: str) -> None:
    from django.conf import settings
    from django.test import Client

    from vocero.people.models import Member

    cookies = {settings.LANGUAGE_COOKIE_NAME: language}
    if email:
        Member.objects.filter(email=email).update(language=language)
        client = Client()
        backend = "vocero.web.public.reading.MemberBackend"
        client.force_login(Member.objects.get(email=email), backend=backend)
        cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])


_ADVOCATE = [("today", "/today"), ("shares", "/shares"), ("guideline", "/guideline"), ("me", "/me")]
_MANAGER = [
    ("overview", "/manage/"), ("inbox", "/manage/inbox/"), ("library", "/manage/library/"),
    ("sources", "/manage/library/sources/"), ("people", "/manage/people/"), ("teams", "/manage/people/teams"),
    ("results", "/manage/results/"), ("rules", "/manage/guideline/"), ("look", "/manage/settings/look"),
]  # fmt: skip


def _empty(url: str, _stack: ExitStack) -> Places:
    from tests import cast

    people = cast.make_people(cast.make_house())
    people.house.installation.base_url = url
    people.house.installation.save()
    return {
        "": [("sign-in", "/sign-in")],
        str(people.maximiliana.email): _ADVOCATE,
        str(people.olga.email): _MANAGER,
    }


def _lived_in(url: str, stack: ExitStack) -> Places:
    from tests.web.lived import live

    lived = live(url, stack)
    month = lived.last_month.key
    return {
        "": [
            ("welcome", f"/welcome/{lived.tokens['welcome']}"),
            ("report", f"/report/{lived.tokens['report']}"),
            ("privacy", "/privacy"),
        ],
        str(lived.people.nobody_asked.email): [("join", "/join")],
        str(lived.people.maximiliana.email): [
            *_ADVOCATE,
            ("compose", f"/share/{lived.post.public_id}?network=x"),
            ("share", f"/shares/{lived.shares[0].public_id}"),
        ],
        str(lived.people.marta.email): [
            *_MANAGER,
            ("editor", f"/manage/library/posts/{lived.post.public_id}"),
            ("by-team", f"/manage/results/?by=team&period={month}"),
            ("figure", f"/manage/results/figures/unique_clicks?period={month}"),
            ("month", f"/manage/month/{month}"),
            ("rates", "/manage/results/rates"),
            ("person", f"/manage/people/person/{lived.people.maximiliana.public_id}"),
        ],
    }


def _crowded(url: str, stack: ExitStack) -> Places:
    """The lived-in company with 5,000 more people and posts."""
    from datetime import timedelta

    from tests.web.lived import live
    from vocero.content.models import Post
    from vocero.people.models import Member

    lived = live(url, stack)
    house, at = lived.people.house, lived.at
    teams = (house.sales, house.engineering)
    Member.objects.bulk_create(
        [
            Member(
                name=f"Person {number}", email=f"p{number}@crowd.example", team=teams[number % 2], created_at=at,
                country="ES", location="Madrid", time_zone="Europe/Madrid", language="en",
            )
            for number in range(MANY)
        ],
        batch_size=500,
    )  # fmt: skip
    Post.objects.bulk_create(
        [
            Post(
                program=lived.program, created_at=at, updated_at=at, offered_at=at - timedelta(minutes=number),
                state=Post.State.OFFERED, title=f"Post {number}", url=f"https://aurora.example/{number}",
                site_name="Aurora Mills", kind="industry_insight", origin="curated", purposes=["educate"], language="en",
            )
            for number in range(MANY)
        ],
        batch_size=500,
    )  # fmt: skip
    return {str(lived.people.maximiliana.email): _ADVOCATE[:1], str(lived.people.marta.email): _MANAGER}


_STATES: dict[str, Callable[[str, ExitStack], Places]] = {
    "empty": _empty, "lived-in": _lived_in, "crowded": _crowded
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
