"""The audit log tells every tampering, and the database refuses it in the first place."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from tests.cast import MOMENT
from vocero.company import audit, triggers
from vocero.company.models import AuditEntry

pytestmark = pytest.mark.django_db


def write(lines: int) -> list[int]:
    return [audit.record("people.imported", actor="abc", at=MOMENT, detail={"n": number}).pk for number in range(lines)]


def test_an_untouched_log_is_whole() -> None:
    write(5)
    verdict = audit.check(audit.head())
    assert verdict.whole
    assert verdict.head.lines == 5


@pytest.mark.parametrize("change", [{"action": "x"}, {"actor": "x"}, {"subject": "x"}, {"detail": {"n": 9}}])
def test_a_changed_line_is_found(change: dict[str, object]) -> None:
    ids = write(5)
    AuditEntry.objects.filter(pk=ids[2]).update(**change)
    assert audit.check().broken_at == ids[2]


def test_a_deleted_line_is_found() -> None:
    ids = write(5)
    AuditEntry.objects.filter(pk=ids[2]).delete()
    assert audit.check().broken_at == ids[3]


def test_two_swapped_lines_are_found() -> None:
    ids = write(5)
    one, two = AuditEntry.objects.get(pk=ids[1]), AuditEntry.objects.get(pk=ids[2])
    AuditEntry.objects.filter(pk=ids[1]).update(detail=two.detail, seal=two.seal)
    AuditEntry.objects.filter(pk=ids[2]).update(detail=one.detail, seal=one.seal)
    assert audit.check().broken_at == ids[1]


def test_an_inserted_line_is_found() -> None:
    ids = write(3)
    AuditEntry.objects.create(pk=ids[-1] + 1, at=MOMENT, actor="x", action="x", seal="0" * 64)
    assert audit.check().broken_at == ids[-1] + 1


def test_lines_cut_off_at_the_end_are_found_with_a_head_that_was_kept_elsewhere() -> None:
    ids = write(5)
    known = audit.head()
    AuditEntry.objects.filter(pk__gte=ids[3]).delete()
    assert audit.check().whole, "without the kept head nothing can be seen"
    assert audit.check(known).cut_off
    write(3)
    assert audit.check(known).cut_off, "other lines in their place do not hide it"


@pytest.mark.parametrize(
    "tamper", [lambda: AuditEntry.objects.update(action="x"), lambda: AuditEntry.objects.all().delete()]
)
def test_the_database_itself_refuses_to_change_the_log(tamper: Callable[[], object]) -> None:
    write(2)
    triggers.guard(connection)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        tamper()
    triggers.release(connection)
    assert audit.check().head.lines == 2
