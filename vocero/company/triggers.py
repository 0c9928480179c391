"""The database's own guard over the audit log: no line is changed or deleted, whoever asks."""

from typing import Any

_SQLITE = {
    verb: f"""
    CREATE TRIGGER IF NOT EXISTS audit_no_{verb.lower()} BEFORE {verb} ON company_auditentry
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """
    for verb in ("UPDATE", "DELETE")
}
_POSTGRESQL = (
    """
    CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger AS $$
    BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$ LANGUAGE plpgsql
    """,
    "DROP TRIGGER IF EXISTS audit_no_change ON company_auditentry",
    """
    CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON company_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_append_only()
    """,
)


def guard(connection: Any) -> None:
    """Let the database refuse every change and deletion of a line of the audit log."""
    with connection.cursor() as cursor:
        for statement in _SQLITE.values() if connection.vendor == "sqlite" else _POSTGRESQL:
            cursor.execute(statement)


def release(connection: Any) -> None:
    """Take the guard away: only for tests that empty their tables, and for undoing the migration."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for verb in _SQLITE:
                cursor.execute(f"DROP TRIGGER IF EXISTS audit_no_{verb.lower()}")
        else:
            cursor.execute("DROP TRIGGER IF EXISTS audit_no_change ON company_auditentry")
