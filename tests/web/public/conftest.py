"""Fixtures of the public pages: a mail server, and limits that begin anew with each test."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from tests.web.public.smtp import Server, mail_server


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def smtp(settings: Any) -> Iterator[Server]:
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def no_mail(settings: Any) -> None:
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
