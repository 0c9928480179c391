"""Django's migrate, followed by the triggers that watch tables: SQLite loses those of a table whose columns it changes."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangosMigrate

from vocero.config.watching import put_in_place


class Command(DjangosMigrate):
    """Migrate, then watch."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run Django's own command and put the triggers in place."""
        super().handle(*args, **options)
        put_in_place(options["database"])
