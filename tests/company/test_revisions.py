"""What is kept in memory is read again exactly when its rows have changed, whoever changed them."""

import pytest
from django.db import connection, transaction

from tests.cast import MOMENT, People
from tests.sharing.library import make_post
from vocero.company.models import Program, Revision
from vocero.company.revisions import Kept, seen, watch
from vocero.company.tasks import MOST_MARKS, forget_marks
from vocero.config.watching import WATCHED
from vocero.content.models import Post
from vocero.policy.models import StopSwitch


@pytest.mark.parametrize("table", [one.table for one in WATCHED])
def test_each_watched_table_has_its_triggers(db: None, table: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s AND name LIKE 'revision_%%'",
                [table],
            )
        else:
            cursor.execute(
                "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE 'revision_%%'", [table]
            )
        assert cursor.fetchone() == (3,)


def test_a_change_names_another_state_and_no_change_the_same(people: People) -> None:
    first = seen()
    assert first == seen()
    Program.objects.update(name={"en": "Other"})
    second = seen()
    assert second.company != first.company
    assert second.posts == first.posts
    post = make_post(people.house)
    third = seen()
    assert third.posts != second.posts
    Post.objects.filter(pk=post.pk).update(title="Other")
    assert seen().posts != third.posts


def test_posts_that_nobody_sees_yet_leave_no_mark(people: People) -> None:
    post = make_post(people.house, state=Post.State.DRAFT)
    before = seen().posts
    Post.objects.filter(pk=post.pk).update(title="Still being written")
    assert seen().posts == before
    Post.objects.filter(pk=post.pk).update(state=Post.State.OFFERED)
    assert seen().posts != before


def test_what_was_rolled_back_never_stays_in_memory(people: People) -> None:
    stops = Kept(lambda: list(StopSwitch.objects.values_list("reason", flat=True)))

    def engage(reason: str) -> None:
        StopSwitch.objects.create(engaged_at=MOMENT, engaged_by=people.olga, reason=reason)

    def kept() -> list[str]:
        return stops.at(seen().company)

    with transaction.atomic():
        engage("a mistake")
        assert kept() == ["a mistake"]
        transaction.set_rollback(True)
    engage("a fire")  # as many changes as before, and yet another state
    assert kept() == ["a fire"]
    StopSwitch.objects.all().delete()
    assert kept() == []


def test_triggers_are_put_back_where_they_are_missing(people: People) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'company_program'")
        else:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = 'company_program'::regclass AND NOT tgisinternal"
            )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else " ON company_program"))
    before = seen().company
    Program.objects.update(name={"en": "Unseen"})
    assert seen().company == before, "without triggers nobody would know"
    watch(connection, WATCHED)
    assert seen().company != before, "what happened meanwhile is read again"
    before = seen().company
    Program.objects.update(name={"en": "Seen"})
    assert seen().company != before


def test_old_marks_go_and_what_was_kept_is_read_again(people: People) -> None:
    assert forget_marks(MOMENT) == 0
    Revision.objects.bulk_create(
        Revision(area="posts", tx=-number, number=number) for number in range(1, MOST_MARKS + 9)
    )
    before = seen().posts
    assert forget_marks(MOMENT) > MOST_MARKS / 2
    assert seen().posts != before
    assert forget_marks(MOMENT) == 0
