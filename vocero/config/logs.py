"""Keeps people out of the log: no address of a page with a token in it, no text that an exception carries along."""

import logging
import traceback
from types import TracebackType
from typing import Any


class Discreet(logging.Formatter):
    """Writes one line a record; of an exception the place and the class, since its words may be somebody's."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  logging's own name
        """The frames of an exception and the names of its classes, causes included, without their messages."""
        kind, error, frames = ei
        lines: list[str] = []
        while error is not None:
            lines = [*_frames(frames), f"{kind.__module__}.{kind.__qualname__}", *lines]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            kind, frames = type(error), getattr(error, "__traceback__", None)
        return "\n".join(lines)


def _frames(frames: TracebackType | None) -> list[str]:
    return [line.rstrip() for line in traceback.format_tb(frames)]


class WithoutPaths(logging.Filter):
    """Lets Django's request log name the page's pattern (`invitation/<token>/`), never the address that was asked for."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the pattern in the place of the path; every record passes."""
        request = getattr(record, "request", None)
        if request is not None and record.args:
            match = getattr(request, "resolver_match", None)
            shown = match.route if match is not None else "an address that leads nowhere"
            path = getattr(request, "path", None)
            full = getattr(request, "get_full_path", lambda: None)()
            args = record.args if isinstance(record.args, tuple) else (record.args,)
            record.args = tuple(shown if arg in {path, full} and arg is not None else arg for arg in args)
        return True
