"""Queries that are put together once give what the ORM gives, on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from vocero.lib.prepared import Prepared

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, 30, 1, 250_000, tzinfo=UTC)


def by_key(key: str) -> QuerySet[Session, Any]:
    return Session.objects.filter(session_key=key).values_list("session_data", "expire_date")


def test_texts_are_put_in_place_and_typed_columns_are_what_their_fields_make_of_them() -> None:
    for number in range(3):
        Session.objects.create(session_key=f"{number}' OR 1=1", session_data=f"data {number}", expire_date=AT)
    prepared = Prepared(by_key, "key", texts=("key",), typed=True)
    for number in range(3):
        assert prepared.rows(key=f"{number}' OR 1=1") == [(f"data {number}", AT)]
    assert prepared.rows(key="9") == []
