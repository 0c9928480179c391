"""Run the `vocero` command with `python -m vocero`."""

import sys

from vocero.config.cli import main

if __name__ == "__main__":
    sys.exit(main())
