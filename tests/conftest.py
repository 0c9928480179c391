"""Fixtures for all tests: the cast, signed-in clients, a browser, and the rule that nothing is skipped in CI."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.test import Client

from tests import cast, standing

pytest_plugins = ["tests.servers.plugin"]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


def pytest_configure(config: pytest.Config) -> None:
    """Tests hash passwords fast and serve static files from where they are written."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # A file, as in production, so that threads have connections of their own; nobody waits for the disk.
        database.setdefault("TEST", {})["NAME"] = str(settings.ENVIRONMENT.data / "test.sqlite3")
        options = database["OPTIONS"]
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    hypothesis.settings.register_profile("patient", deadline=None)  # a slow machine is no defect
    hypothesis.settings.load_profile("patient")
    # Playwright's synchronous interface keeps an event loop in this thread, which Django would take for an async context.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CI_FORBID_SKIPS set, a run in which a test was skipped has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI_FORBID_SKIPS") and reporter and reporter.stats.get("skipped"):
        reporter.write_line(f"{len(reporter.stats['skipped'])} tests were skipped, which is forbidden here.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The audit log's guard stands back, because tests empty their tables; the log's own tests put it up again."""
    from django.db import connection

    from vocero.company import triggers

    with django_db_blocker.unblock():
        triggers.release(connection)


@pytest.fixture
def house(db: None) -> cast.House:
    """The company, set up, with nobody in it."""
    return cast.make_house()


@pytest.fixture
def people(house: cast.House) -> cast.People:
    """The whole cast."""
    return cast.make_people(house)


@pytest.fixture
def sign_in() -> Callable[[Any], Client]:
    """Gives a client of Django's for a signed-in member: `sign_in(people.ana).get("/")`."""

    def signed_in(member: Any) -> Client:
        client = Client()
        client.force_login(member, backend="vocero.web.public.reading.MemberBackend")
        return client

    return signed_in


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One headless Chromium of this machine for the whole run, driven by Playwright."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright import sync_api

    standing.teach(sync_api)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages in contexts of their own: `open_page(phone=True, dark=True, language="pl")`; all are closed at the end."""
    contexts: list[Any] = []

    def open_one(*, phone: bool = False, dark: bool = False, language: str = "en", **more: Any) -> Any:
        context = chromium.new_context(
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            is_mobile=phone,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale=language,
            **more,
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        if os.environ.get("VOCERO_TEST_SLOW_BROWSER"):
            standing.slow(page)
        return standing.patient(page, with_script=more.get("java_script_enabled", True))

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def sign_in_page(sign_in: Callable[[Any], Client]) -> Callable[[Any, str, Any], None]:
    """Signs a member in for a browser page of a live server: `sign_in_page(page, live_server.url, people.ana)`."""

    def signed_in(page: Any, url: str, member: Any) -> None:
        session = sign_in(member).cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])

    return signed_in


@pytest.fixture(scope="session", autouse=True)
def _tidy() -> Iterator[None]:
    """What was prepared once for servers of this run is removed at its end."""
    yield
    from tests.running import forget_prepared_database

    forget_prepared_database()
