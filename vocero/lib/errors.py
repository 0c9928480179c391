"""The root of every refusal that a person may read: a clear sentence that says what to do."""

from typing import Any

from django.utils.functional import Promise


class Refusal(Exception):
    """Raised by services when the domain says no; `str()` gives the sentence in the reader's language.

    `message` is a whole translatable sentence with named placeholders (`%(name)s`); their values are keyword arguments.
    `field` names the form field that the sentence belongs to, if it belongs to one.
    """

    def __init__(self, message: str | Promise, *, field: str | None = None, **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.values = values

    def __str__(self) -> str:
        text = str(self.message)
        return text % self.values if self.values else text
