"""Whether this process can serve: the database answers and every migration is applied."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

_migrated: list[bool] = []


def unapplied() -> list[str]:
    """The names of migrations that the database still lacks; raises DatabaseError when it does not answer."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def why_not_ready() -> str:
    """A short reason why this process cannot serve yet, or nothing. Migrations are looked up until they are complete."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _migrated:
            if unapplied():
                return "migrations are missing"
            _migrated.append(True)
    except DatabaseError:
        return "the database does not answer"
    return ""
