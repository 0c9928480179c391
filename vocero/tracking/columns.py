"""Narrow columns for tables with very many rows: days and words as numbers, short words, keys of four bytes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _DayField = models.Field[date, date]
    _BigIntegerField = models.BigIntegerField[int, int]
    _WordField = models.Field[str, str]
    _CharField = models.CharField[str, str]
    _ForeignKey = models.ForeignKey[Any, Any]
    _OneToOneField = models.OneToOneField[Any, Any]
else:
    _DayField = _WordField = models.Field
    _BigIntegerField = models.BigIntegerField
    _CharField, _ForeignKey, _OneToOneField = models.CharField, models.ForeignKey, models.OneToOneField

FIRST_DAY: Final = date(2020, 1, 1)
"""The day that is number 0; visitors' numbers begin with the same count of days."""

_FIRST_ORDINAL: Final = FIRST_DAY.toordinal()


def number_of_day(day_on: date) -> int:
    """Give a day as the whole number that the column holds: days since 2020-01-01."""
    return day_on.toordinal() - _FIRST_ORDINAL


def day_of_number(number: int) -> date:
    """Give the day that a number of the column means."""
    return date.fromordinal(number + _FIRST_ORDINAL)


class DayColumn(_DayField):
    """A day in two bytes (until 2109); filters, orders and reads like a date."""

    description = "A day as a number"

    def get_internal_type(self) -> str:
        """Be a small whole number in the database."""
        return "SmallIntegerField"

    def to_python(self, value: Any) -> date | None:
        """Give the day."""
        if value is None or isinstance(value, date):
            return value
        return day_of_number(value) if isinstance(value, int) else date.fromisoformat(value)

    def from_db_value(self, value: int | None, *_: Any) -> date | None:
        """Give the day of a stored number."""
        return None if value is None else day_of_number(value)

    def get_prep_value(self, value: Any) -> Any:
        """Give the number of a day; expressions stay what they are."""
        value = super().get_prep_value(value)
        return number_of_day(value) if isinstance(value, date) else value

    def value_to_string(self, obj: models.Model) -> str:
        """Give the day for a dump."""
        return str(self.value_from_object(obj))


class OwnNumber(_BigIntegerField):
    """A primary key of eight bytes that is given; on SQLite it is the row's own number, without an index beside it."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Be what each database calls a row's own number of eight bytes: SQLite knows it by this word alone."""
        return "integer" if connection.vendor == "sqlite" else "bigint"


class NumberedWord(_WordField):
    """One of a closed list of words, kept as its place in the list in two bytes; words may only be added at the end."""

    description = "A word of a list as a number"

    def __init__(self, *args: Any, words: Sequence[str] = (), **options: Any) -> None:
        self.words = tuple(words)
        self._numbers = {word: number for number, word in enumerate(self.words)}
        super().__init__(*args, **options)

    def get_internal_type(self) -> str:
        """Be a small whole number in the database."""
        return "SmallIntegerField"

    def from_db_value(self, value: int | None, *_: Any) -> str | None:
        """Give the word of a stored number."""
        return None if value is None else self.words[value]

    def get_prep_value(self, value: Any) -> Any:
        """Give the number of a word; expressions stay what they are. Raises KeyError for a word that is not in the list."""
        value = super().get_prep_value(value)
        return self._numbers[str(value)] if isinstance(value, str) else value


class ShortWord(_CharField):
    """A word that is mostly one of a few, which are kept as one letter each; any other one is kept whole after an `=`."""

    description = "A word, the usual ones as one letter"

    def __init__(self, *args: Any, letters: Mapping[str, str] | None = None, **options: Any) -> None:
        self.letters = dict(letters or {})
        self._words = {letter: word for word, letter in self.letters.items()}
        super().__init__(*args, **options)

    def shorten(self, word: str) -> str:
        """Give what is stored for a word."""
        return self.letters.get(word) or f"={word}"

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Give the word of what is stored."""
        return None if value is None else self.widen(value)

    def widen(self, stored: str) -> str:
        """Give the word that is stored like this."""
        return self._words.get(stored) or stored[1:]

    def get_prep_value(self, value: Any) -> Any:
        """Give what is stored for a word; expressions stay what they are."""
        value = super().get_prep_value(value)
        return self.shorten(str(value)) if isinstance(value, str) else value


class _Narrow:
    """Mixed into a key that points to a row: four bytes (or two), and no constraint that is looked up for each row."""

    def __init__(self, *args: Any, small: bool = False, **options: Any) -> None:
        self.small = small
        if args or "to" in options:
            options.setdefault("db_constraint", False)
            options.setdefault("related_name", "+")
        super().__init__(*args, **options)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Give the width too."""
        name, path, args, options = super().deconstruct()  # type: ignore[misc]
        return name, path, args, {**options, "small": self.small}

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Be a whole number; as a primary key on SQLite this is the row's own number, without an index beside it."""
        return "smallint" if self.small else "integer"


class NarrowKey(_Narrow, _ForeignKey):
    """A foreign key of rows that are derived from what never goes, in four bytes or two."""


class NarrowOnly(_Narrow, _OneToOneField):
    """The same for a row that there is one of."""


class WithoutRowId:
    """Mixed into CreateModel of a migration: on SQLite the table is its primary key, and has no second copy of it.

    The key's columns must come first: SQLite 3.40 sees damage in such a table, where there is none, if they do not.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Make the table."""
        made = schema_editor.sql_create_table
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.sql_create_table = f"{made} WITHOUT ROWID"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)  # type: ignore[misc]
        finally:
            schema_editor.sql_create_table = made
