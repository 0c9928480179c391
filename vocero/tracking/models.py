"""What happened: clicks, their roll-ups by day, the ingest's cursor, the day's salt and conversions."""

from datetime import UTC, date, datetime, time, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.company.models import ApiKey, Program
from vocero.lib.ids import public_id
from vocero.people.models import Member
from vocero.sharing.models import Link, Share
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
    """A click's record as a links process handed it over (VOCERO_CLICK_SYNC=database); the ingest takes it from here."""

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

    id = models.BigIntegerField(primary_key=True)
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
        midnight = datetime.combine(day_on, time.min, UTC)
        return cls._default_manager.filter(
            pk__gte=first_id_at(midnight - timedelta(days=2)),
            pk__lt=first_id_at(midnight + timedelta(days=3)),
            visitor__gte=first_visitor_of(day_on),
            visitor__lt=first_visitor_of(day_on + timedelta(days=1)),
        )

    @property
    def at(self) -> datetime:
        """The moment of the click in UTC, to the microsecond; ids and so rows are in the order of moments."""
        return moment_of_id(self.pk)

    @property
    def day_on(self) -> date:
        """The company's day of the click."""
        return day_of_visitor(self.visitor)


class FirstClick(models.Model):
    """The first valid click of a share: the moment that its advocate is told of."""

    share = models.OneToOneField(Share, primary_key=True, on_delete=models.PROTECT, related_name="first_click")
    click_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"first click {self.click_id}"


class ClickStat(models.Model):
    """Clicks of one day by one key of one dimension on one network: raw, valid, unique, by reason, and daily visitors.

    Dimensions: all, share, member, post, campaign, topic, team (each ancestor too), location, language, origin, kind,
    purpose. The key is the id or code as text, blank for "all". `valid` holds the unique ones and the repeats.

    Counts add up over networks. Visitors do not (one person may come through two), so the row with the network "*" holds
    the day's distinct visitors of that key through all networks, and nothing else: its counts are 0. For the dimensions
    share and member there is none: a share has one network, and members are not compared by visitors.
    """

    EVERY_NETWORK = "*"

    pk = models.CompositePrimaryKey("program", "dimension", "day_on", "key", "network")
    dimension = models.CharField(max_length=10)
    day_on = models.DateField()
    key = models.CharField(max_length=120)
    network = models.CharField(max_length=20)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    raw = models.PositiveIntegerField(default=0)
    valid = models.PositiveIntegerField(default=0)
    unique = models.PositiveIntegerField(default=0)
    visitors = models.PositiveIntegerField(default=0)
    head = models.PositiveIntegerField(default=0)
    preview = models.PositiveIntegerField(default=0)
    bot = models.PositiveIntegerField(default=0)
    prefetch = models.PositiveIntegerField(default=0)
    no_agent = models.PositiveIntegerField(default=0)
    own = models.PositiveIntegerField(default=0)

    class Meta:
        # The key serves stretches of days; what one share or one member has over all days is asked for by these.
        indexes = [
            models.Index(fields=["key", "day_on"], condition=models.Q(dimension="share"), name="click_stat_of_a_share"),
            models.Index(
                fields=["key", "day_on"], condition=models.Q(dimension="member"), name="click_stat_of_a_member"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.day_on}"


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
