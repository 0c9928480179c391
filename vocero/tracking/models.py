"""What happened: clicks, their roll-ups by day, the ingest's cursor, the day's salt and conversions."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.company.models import ApiKey, Program
from vocero.lib.ids import public_id
from vocero.people.models import Member
from vocero.sharing.models import Link, Share
from vocero.tracking.columns import DayColumn, NarrowKey, NarrowOnly, NumberedWord, OwnNumber, ShortWord
from vocero.tracking.segment import first_id_at, moment_of_id
from vocero.tracking.visitors import day_of_visitor, first_visitor_of


class DailySalt(models.Model):
    """The random salt of a day's visitor keys: made three days ahead, deleted when the day closes."""

    day_on = models.DateField(primary_key=True)
    salt = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.day_on}"


class OwnVisit(models.Model):
    """That a member's own browser has this visitor key today; deleted with the day's salt."""

    day_on = models.DateField()
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="own_visits")
    visitor = models.BinaryField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day_on", "visitor", "member"], name="own_visit_once_a_day")]

    def __str__(self) -> str:
        return f"own visit {self.pk}"


class SegmentCursor(models.Model):
    """How far the ingest has read a segment; moves in the same transaction as the clicks."""

    node = models.CharField(max_length=64)
    segment = models.CharField(max_length=120)
    offset = models.PositiveBigIntegerField(default=0)
    clicks = models.PositiveBigIntegerField(default=0)
    lost = models.PositiveBigIntegerField(default=0, help_text="clicks that its writer could not store")
    damaged = models.PositiveBigIntegerField(default=0, help_text="bytes between sound records that were none")
    moved_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True, help_text="read to its end; nobody writes it any more")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "segment"], name="one_cursor_per_segment")]

    def __str__(self) -> str:
        return f"{self.node}/{self.segment}"


class ClickArrival(models.Model):
    """Records of clicks, one after the other, as a links process handed them over (VOCERO_CLICK_SYNC=database).

    The ingest takes them from here.
    """

    record = models.BinaryField()

    def __str__(self) -> str:
        return f"arrival {self.pk}"


class Referrer(models.Model):
    """The origin of a page that clicks came from, once; clicks point to it. Path and query are never kept."""

    id = models.AutoField(primary_key=True)
    origin = models.CharField(max_length=255, unique=True)

    def __str__(self) -> str:
        return self.origin


class Click(models.Model):
    """One request for a tracked link, classed. The key is the click's own 63-bit id, which holds its moment.

    `visitor` is the company's day and 48 bits of the visitor's key of that day in one number, so that a day's visitors
    lie together. A visitor's first valid click on a link on a day is `valid`: the unique click, of which the database
    allows one. Each further one is a `repeat`: valid too, but not unique. Every other verdict is a reason why it is no
    reader's click.
    """

    class Verdict(models.TextChoices):
        VALID = "valid", _("valid")
        REPEAT = "repeat", _("valid, again that day")
        HEAD = "head", _("only asked for headers")
        PREVIEW = "preview", _("a network's preview")
        BOT = "bot", _("a robot")
        PREFETCH = "prefetch", _("fetched ahead")
        NO_AGENT = "no_agent", _("no browser named")
        OWN = "own", _("the advocate's own")

    class Device(models.TextChoices):
        PHONE = "p", _("Phone")
        TABLET = "t", _("Tablet")
        DESKTOP = "d", _("Computer")

    class NetworkClass(models.IntegerChoices):
        UNKNOWN = 0, _("Unknown")
        ACCESS = 1, _("Access network")
        HOSTING = 2, _("Data center")

    id = OwnNumber(primary_key=True)
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="clicks", db_index=False)
    visitor = models.BigIntegerField()
    verdict = models.CharField(max_length=8, choices=Verdict)
    country = models.CharField(max_length=2, blank=True)
    network_class = models.PositiveSmallIntegerField(choices=NetworkClass, default=NetworkClass.UNKNOWN)
    device = models.CharField(max_length=1, choices=Device, blank=True)
    referrer = models.ForeignKey(
        Referrer, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["visitor", "link"], condition=models.Q(verdict="valid"), name="unique_click"
            )
        ]

    def __str__(self) -> str:
        return f"click {self.pk}"

    @classmethod
    def of_day(cls, day_on: date) -> "models.QuerySet[Click]":
        """Give the clicks of a day of the company, by the range of ids in which they lie in any time zone."""
        first, last = cls.ids_of(day_on)
        begin, end = cls.visitors_of(day_on)
        return cls._default_manager.filter(pk__gte=first, pk__lt=last, visitor__gte=begin, visitor__lt=end)

    @staticmethod
    def ids_of(day_on: date) -> tuple[int, int]:
        """Give the first id and the one after the last between which a day's clicks lie in any time zone.

        Zones reach from UTC-12 to UTC+14; an hour more is for clocks that jump.
        """
        midnight = datetime.combine(day_on, time.min, UTC)
        return first_id_at(midnight - timedelta(hours=15)), first_id_at(midnight + timedelta(hours=37))

    @staticmethod
    def visitors_of(day_on: date) -> tuple[int, int]:
        """Give the numbers between which a day's visitors lie, the last one not included."""
        return first_visitor_of(day_on), first_visitor_of(day_on + timedelta(days=1))

    @property
    def at(self) -> datetime:
        """The moment of the click in UTC, to the microsecond; ids and so rows are in the order of moments."""
        return moment_of_id(self.pk)

    @property
    def day_on(self) -> date:
        """The company's day of the click."""
        return day_of_visitor(self.visitor)


DIMENSIONS: Final = (
    "all", "post", "campaign", "topic", "origin", "kind", "purpose", "team", "location", "language",
)  # fmt: skip
"""What clicks are counted by. The places in this list are in the database: add at the end only."""

NETWORK_LETTERS: Final = {
    "*": "*", "linkedin": "l", "x": "x", "facebook": "f", "instagram": "i", "threads": "t", "mastodon": "m",
    "bluesky": "b", "whatsapp": "w", "line": "n", "email": "e", "copy": "c",
}  # fmt: skip
"""The letters that stand for networks in the roll-ups; others are kept by their name."""


class ClickStat(models.Model):
    """Valid and unique clicks of one day by one key of one dimension on one network, and the day's distinct visitors.

    The key is the id or word as text, blank for "all"; a team's clicks count for its ancestors too. There is a row only
    where there was a valid click. What one share or one member has is in tables of its own.

    Counts add up over networks. Visitors do not (one person may come through two), so the row with the network "*" holds
    the day's distinct visitors of that key through all networks, and nothing else: its counts are 0.
    """

    EVERY_NETWORK = "*"

    pk = models.CompositePrimaryKey("program", "dimension", "day_on", "key", "network")
    program = NarrowKey(Program, on_delete=models.PROTECT, db_index=False, small=True)
    dimension = NumberedWord(words=DIMENSIONS)
    day_on = DayColumn()
    key = models.CharField(max_length=120)
    network = ShortWord(max_length=21, letters=NETWORK_LETTERS)
    valid = models.IntegerField(default=0)
    unique = models.IntegerField(default=0)
    visitors = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.day_on}"


class ClickWeek(models.Model):
    """The same by week, from Monday on: sums of the days, visitors too. It moves together with the days."""

    pk = models.CompositePrimaryKey("program", "dimension", "week_on", "key", "network")
    program = NarrowKey(Program, on_delete=models.PROTECT, db_index=False, small=True)
    dimension = NumberedWord(words=DIMENSIONS)
    week_on = DayColumn()
    key = models.CharField(max_length=120)
    network = ShortWord(max_length=21, letters=NETWORK_LETTERS)
    valid = models.IntegerField(default=0)
    unique = models.IntegerField(default=0)
    visitors = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.week_on}"


class RequestStat(models.Model):
    """All requests for links of one day on one network: how many, how many of them valid, and how many not by reason."""

    pk = models.CompositePrimaryKey("program", "day_on", "network")
    program = NarrowKey(Program, on_delete=models.PROTECT, db_index=False, small=True)
    day_on = DayColumn()
    network = ShortWord(max_length=21, letters=NETWORK_LETTERS)
    raw = models.IntegerField(default=0)
    valid = models.IntegerField(default=0)
    head = models.IntegerField(default=0)
    preview = models.IntegerField(default=0)
    bot = models.IntegerField(default=0)
    prefetch = models.IntegerField(default=0)
    no_agent = models.IntegerField(default=0)
    own = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day_on} {self.network}"


class ShareDay(models.Model):
    """Valid and unique clicks of one share on one day, if there were any; by day first, so that days lie together."""

    pk = models.CompositePrimaryKey("day_on", "share")
    day_on = DayColumn()
    share = NarrowKey(Share, on_delete=models.PROTECT, db_index=False)
    valid = models.IntegerField(default=0)
    unique = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"share {self.share_id} {self.day_on}"


class ShareTotal(models.Model):
    """All valid and unique clicks of one share, and its first valid one, whose moment its advocate is told of."""

    NEVER = 2**63 - 1
    """Stands for a first click that is not known any more."""

    share = NarrowOnly(Share, primary_key=True, on_delete=models.PROTECT)
    first_click_id = models.BigIntegerField()
    valid = models.IntegerField(default=0)
    unique = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"share {self.share_id}"


class MemberDay(models.Model):
    """Valid and unique clicks on one advocate's shares on one day, if there were any."""

    pk = models.CompositePrimaryKey("day_on", "member", "program")
    day_on = DayColumn()
    program = NarrowKey(Program, on_delete=models.PROTECT, db_index=False, small=True)
    member = NarrowKey(Member, on_delete=models.PROTECT, db_index=False)
    valid = models.IntegerField(default=0)
    unique = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"member {self.member_id} {self.day_on}"


class MemberMonth(models.Model):
    """The same by month, from its first day on: sums of the days. It moves together with the days."""

    pk = models.CompositePrimaryKey("month_on", "member", "program")
    month_on = DayColumn()
    program = NarrowKey(Program, on_delete=models.PROTECT, db_index=False, small=True)
    member = NarrowKey(Member, on_delete=models.PROTECT, db_index=False)
    valid = models.IntegerField(default=0)
    unique = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"member {self.member_id} {self.month_on}"


class ClickMonth(models.Model):
    """A month whose single clicks are beyond their time: where its file is, and whether its rows have gone.

    From `settled_at` on rows may go: the month is in its file (or, without a file, was compared with its roll-ups).
    """

    month_on = models.DateField(primary_key=True, help_text="its first day")
    file = models.CharField(max_length=40, blank=True, help_text="its name in the folder of the archive; blank: none")
    machine = models.CharField(max_length=64, blank=True, help_text="which wrote the file")
    clicks = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    coming = models.CharField(
        max_length=64, blank=True, help_text="the SHA-256 of a file that is about to take its place"
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True, help_text="no row of it is left")

    def __str__(self) -> str:
        return f"{self.month_on:%Y-%m}"


class ExportCursor(models.Model):
    """How far single clicks were exported to a place: everything up to this id was taken there in order."""

    name = models.CharField(max_length=20, primary_key=True)
    click_id = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.click_id}"


class VisitorCount(models.Model):
    """At how many unique clicks the daily visitors of a day were counted last; more since then means: count again."""

    day_on = models.DateField(primary_key=True)
    unique_clicks = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.day_on}"


class Conversion(models.Model):
    """A purchase, lead or application that somebody reported, idempotent by its external id."""

    class Kind(models.TextChoices):
        PURCHASE = "purchase", _("Purchase")
        LEAD = "lead", _("Lead")
        APPLICATION = "application", _("Application")
        SIGN_UP = "sign_up", _("Sign-up")
        OTHER = "other", _("Other")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for its click")
        CREDITED = "credited", _("credited")
        NOT_CREDITED = "not_credited", _("not credited")
        TEST = "test", _("test")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="conversions")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="conversions")
    external_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind)
    amount = models.BigIntegerField(null=True, blank=True, help_text="minor units, as sent")
    currency = models.CharField(max_length=3, blank=True)
    company_amount = models.BigIntegerField(null=True, blank=True, help_text="minor units of the company's currency")
    rate = models.BigIntegerField(null=True, blank=True, help_text="millionths")
    click_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    share = models.ForeignKey(Share, null=True, blank=True, on_delete=models.PROTECT, related_name="conversions")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=40, blank=True)
    verified = models.BooleanField(default=True, help_text="false: reported by the public site script")
    at = models.DateTimeField()
    day_on = models.DateField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "external_id", "verified"], name="a_conversion_once")]
        indexes = [models.Index(fields=["program", "day_on"]), models.Index(fields=["state", "received_at"])]

    def __str__(self) -> str:
        return self.external_id
