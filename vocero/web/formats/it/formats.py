"""Dates in Italian as people write them: without the day of the week and without a zero in front."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i"
