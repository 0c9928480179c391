"""The last words when something of ours breaks, even when that is the database."""

from typing import Any

import pytest
from django.db import DatabaseError
from django.test import RequestFactory

from vocero.web import context, errors


def test_the_error_page_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(context, "installation", away)
    answer = errors.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert b"Nothing of yours is lost" in answer.content
