"""What happened: clicks, their roll-ups by day, the ingest's cursor, the day's salt and conversions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.company.models import ApiKey, Program
from vocero.lib.ids import public_id
from vocero.people.models import Member
from vocero.sharing.models import Link, Share


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
    segment = models.CharField(max_length=80)
    offset = models.PositiveBigIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "segment"], name="one_cursor_per_segment")]

    def __str__(self) -> str:
        return f"{self.node}/{self.segment}"


class Click(models.Model):
    """One request for a tracked link, classed. The key is the click's own 64-bit id."""

    class Verdict(models.TextChoices):
        VALID = "valid", _("valid")
        REPEAT = "repeat", _("valid, again that day")
        HEAD = "head", _("only asked for headers")
        PREVIEW = "preview", _("a network's preview")
        BOT = "bot", _("a robot")
        PREFETCH = "prefetch", _("fetched ahead")
        NO_AGENT = "no_agent", _("no browser named")
        OWN = "own", _("the advocate's own")

    id = models.BigIntegerField(primary_key=True)
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="clicks", db_index=False)
    at = models.DateTimeField()
    day_on = models.DateField()
    visitor = models.BinaryField(max_length=16)
    verdict = models.CharField(max_length=10, choices=Verdict)
    country = models.CharField(max_length=2, blank=True)
    network_class = models.CharField(max_length=10, blank=True)
    device = models.CharField(max_length=10, blank=True)
    referrer = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes = [models.Index(fields=["link", "day_on"]), models.Index(fields=["day_on"])]

    def __str__(self) -> str:
        return f"click {self.pk}"


class VisitorDay(models.Model):
    """The first valid click of a visitor on a link on a day: its row is the unique click."""

    day_on = models.DateField()
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="+", db_index=False)
    visitor = models.BinaryField(max_length=16)
    click_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day_on", "link", "visitor"], name="unique_click")]

    def __str__(self) -> str:
        return f"{self.day_on}"


class ClickStat(models.Model):
    """Clicks of one day by one key of one dimension on one network: raw, by reason, valid, unique, daily visitors.

    Dimensions: all, share, post, campaign, topic, team (each ancestor too), location, language, origin, kind,
    purpose, member. The key is the id or code as text; the network is '' where it does not apply.
    """

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
        constraints = [
            models.UniqueConstraint(fields=["program", "dimension", "day_on", "key", "network"], name="one_click_stat")
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.day_on}"


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
