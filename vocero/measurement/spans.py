"""The stretch of days that figures are for, and the one before it that they are said against."""

from dataclasses import dataclass
from datetime import date, timedelta

from vocero.lib.periods import Period


@dataclass(frozen=True, slots=True)
class Span:
    """A calendar period, or the part of it that has passed; days are the company's, both ends included."""

    period: Period
    first_on: date
    last_on: date

    @classmethod
    def until(cls, period: Period, today: date) -> "Span":
        """Give the part of a period up to today, or the whole of it when it is over."""
        return cls(period, period.first_on, min(period.last_on, max(today, period.first_on)))

    @property
    def is_whole(self) -> bool:
        """Whether no day of the period is missing."""
        return self.last_on == self.period.last_on

    @property
    def days(self) -> tuple[date, date]:
        """First and last day, as a range for a filter."""
        return self.first_on, self.last_on

    def before(self) -> "Span":
        """Give the whole period before, or of it as many days as this one has had so far."""
        former = self.period.previous()
        if self.is_whole:
            return Span(former, former.first_on, former.last_on)
        ends_on = former.first_on + (self.last_on - self.first_on)
        return Span(former, former.first_on, min(ends_on, former.last_on))

    def holds(self, day: date) -> bool:
        """Say whether a day lies within."""
        return self.first_on <= day <= self.last_on

    def all_days(self) -> list[date]:
        """Give each day in order."""
        return [self.first_on + timedelta(days=number) for number in range((self.last_on - self.first_on).days + 1)]
