"""The `vocero` command: its own commands beside Django's, with settings problems said in plain words."""

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status (2 when the settings are wrong)."""
    from django.core.management import execute_from_command_line

    from vocero.config.environment import WrongSettings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    try:
        execute_from_command_line(["vocero", *(sys.argv[1:] if argv is None else argv)])
    except WrongSettings as error:
        print(error, file=sys.stderr)
        return 2
    return 0
