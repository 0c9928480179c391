"""Rows of measurement: roll-ups by day, headcount, what may be shown about groups, rates of clicks, and report links."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Program
from vocero.content.models import Post
from vocero.lib.ids import public_id
from vocero.lib.periods import PeriodKind
from vocero.people.models import Member


class PeriodChoice(models.TextChoices):
    """Kinds of calendar period that rows are kept for."""

    WEEK = PeriodKind.WEEK, _("Week")
    MONTH = PeriodKind.MONTH, _("Month")
    QUARTER = PeriodKind.QUARTER, _("Quarter")


class ShareStat(models.Model):
    """Counted shares of one day by one key of one dimension on one network, apart by how sure we are.

    Dimensions: all, post, campaign, topic, origin, kind, purpose, team (each ancestor too), location, language.
    """

    pk = models.CompositePrimaryKey("program", "dimension", "day_on", "key", "network")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    dimension = models.CharField(max_length=10)
    day_on = models.DateField()
    key = models.CharField(max_length=120)
    network = models.CharField(max_length=20)
    published = models.PositiveIntegerField(default=0)
    measured = models.PositiveIntegerField(default=0)
    self_reported = models.PositiveIntegerField(default=0)
    personalized = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.day_on}"


class ShareWeek(models.Model):
    """The same by week, from Monday on: sums of the days. It moves together with the days."""

    pk = models.CompositePrimaryKey("program", "dimension", "week_on", "key", "network")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    dimension = models.CharField(max_length=10)
    week_on = models.DateField()
    key = models.CharField(max_length=120)
    network = models.CharField(max_length=20)
    published = models.PositiveIntegerField(default=0)
    measured = models.PositiveIntegerField(default=0)
    self_reported = models.PositiveIntegerField(default=0)
    personalized = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.week_on}"


class EngagementStat(models.Model):
    """What the networks' totals grew by on one day, by one key of one dimension on one network; a taken-back like is -1."""

    pk = models.CompositePrimaryKey("program", "dimension", "day_on", "key", "network")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    dimension = models.CharField(max_length=10)
    day_on = models.DateField()
    key = models.CharField(max_length=120)
    network = models.CharField(max_length=20)
    reactions = models.IntegerField(default=0)
    comments = models.IntegerField(default=0)
    reshares = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.day_on}"


class ConversionStat(models.Model):
    """Conversions of one day by one key of one dimension; amounts of one currency each, converted ones apart."""

    pk = models.CompositePrimaryKey(
        "program", "dimension", "day_on", "key", "network", "state", "verified", "kind", "currency", "converted"
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    dimension = models.CharField(max_length=10)
    day_on = models.DateField()
    key = models.CharField(max_length=120)
    network = models.CharField(max_length=20)
    state = models.CharField(max_length=12)
    verified = models.BooleanField()
    kind = models.CharField(max_length=12)
    currency = models.CharField(max_length=3, blank=True)
    converted = models.BooleanField(help_text="the amount is in the company's currency")
    count = models.PositiveIntegerField(default=0)
    amount = models.BigIntegerField(default=0, help_text="minor units of the currency")

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.day_on}"


class AdvocateDay(models.Model):
    """How often one advocate shared to one network on one day: what distinct advocates are counted from."""

    pk = models.CompositePrimaryKey("program", "day_on", "member", "network")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    day_on = models.DateField()
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    network = models.CharField(max_length=20)
    shares = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day_on}"


class Participation(models.Model):
    """How many different advocates shared in a calendar period: exact, and no sum of anything."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    period_kind = models.CharField(max_length=8, choices=PeriodChoice)
    first_on = models.DateField()
    advocates = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "period_kind", "first_on"], name="one_participation")]

    def __str__(self) -> str:
        return f"{self.period_kind} {self.first_on}"


class SoFar(models.Model):
    """What a calendar period had come to by the end of one of its days: different advocates, and whom they could reach.

    There is a row for each day on which somebody shared for the first time in the period. The followers are those that
    were known when the period was counted last, which is until the period after it is over.
    """

    pk = models.CompositePrimaryKey("program", "period_kind", "first_on", "day_on")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    period_kind = models.CharField(max_length=8, choices=PeriodChoice)
    first_on = models.DateField()
    day_on = models.DateField()
    advocates = models.PositiveIntegerField(default=0)
    low = models.PositiveBigIntegerField(default=0)
    high = models.PositiveBigIntegerField(default=0)
    people = models.PositiveIntegerField(default=0, help_text="of how many advocates the followers are known")
    numbers = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0, help_text="how many of the numbers a network reported")

    def __str__(self) -> str:
        return f"{self.period_kind} {self.first_on} {self.day_on}"


class AudienceTotal(models.Model):
    """One row: the followers of everybody who told them or whose network did, as they were counted last."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    low = models.PositiveBigIntegerField(default=0)
    high = models.PositiveBigIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"


class SharedPost(models.Model):
    """That at least one counted share of a post exists."""

    post = models.OneToOneField(Post, primary_key=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.pk}"


class Headcount(models.Model):
    """How many people were invited, had joined, and had shared in the last 30 days, at the end of one day."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    day_on = models.DateField()
    invited = models.PositiveIntegerField(default=0)
    joined = models.PositiveIntegerField(default=0)
    active = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "day_on"], name="one_headcount_a_day")]

    def __str__(self) -> str:
        return f"{self.day_on}"


class FoldedDay(models.Model):
    """That the facts of one kind and day are in the roll-ups, with the fingerprint that they had then."""

    class Source(models.TextChoices):
        SHARES = "shares", _("shares")
        ENGAGEMENT = "engagement", _("engagement")
        CONVERSIONS = "conversions", _("conversions")

    source = models.CharField(max_length=12, choices=Source)
    day_on = models.DateField()
    fingerprint = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "day_on"], name="a_day_is_folded_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.day_on}"


class Slice(models.Model):
    """A question that no roll-up answers, such as the posts within one topic, with its answer once it is worked out.

    It holds content and sums only. The answer is by key: shares, valid clicks, unique clicks, unique clicks before,
    engagement, conversions and their value; while days are missing it is what the days so far came to.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    what = models.CharField(max_length=10, help_text="the dimension whose keys stand in the rows")
    within = models.CharField(max_length=10, help_text="the dimension that is narrowed")
    key = models.CharField(max_length=120, help_text="to what it is narrowed")
    period = models.CharField(max_length=12)
    last_on = models.DateField(help_text="the last day of the period that had come when it was asked")
    asked_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    facts = models.CharField(max_length=64, blank=True, help_text="fingerprint of the facts when the work began")
    days_done = models.PositiveSmallIntegerField(default=0)
    days = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField(default=dict)
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "what", "within", "key", "period", "last_on"], name="a_question_is_asked_once"
            )
        ]
        indexes = [models.Index(fields=["asked_at"], condition=models.Q(made_at=None), name="slices_to_make")]

    def __str__(self) -> str:
        return f"{self.what} within {self.within} {self.key} {self.period}"


class DisclosureDecision(models.Model):
    """That it was decided, once and for good, which groups of people may be shown for a closed period."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    period_kind = models.CharField(max_length=8, choices=PeriodChoice)
    first_on = models.DateField()
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "period_kind", "first_on"], name="decided_once_for_a_period")
        ]

    def __str__(self) -> str:
        return f"{self.period_kind} {self.first_on}"


class DisclosedCell(models.Model):
    """One figure of one group that may be shown, as it was when it was decided; what is not here is never shown.

    `inside` is the key of the team it lies in, blank at the top. The key `*` is everybody else there.
    """

    decision = models.ForeignKey(DisclosureDecision, on_delete=models.PROTECT, related_name="cells", db_index=False)
    dimension = models.CharField(max_length=10)
    inside = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=120)
    measure = models.CharField(max_length=20)
    value = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "dimension", "inside", "key", "measure"], name="one_cell_of_a_decision"
            )
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.measure}"


class Rate(models.Model):
    """What a click costs as an ad on a network from a day on; used only once a manager has confirmed it."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    network = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    low = models.PositiveBigIntegerField(help_text="millionths of the currency's major unit for one click")
    base = models.PositiveBigIntegerField(help_text="millionths of the currency's major unit for one click")
    high = models.PositiveBigIntegerField(help_text="millionths of the currency's major unit for one click")
    from_on = models.DateField()
    source = models.CharField(max_length=300)
    source_on = models.DateField(null=True, blank=True)
    is_starter = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["network", "from_on"], name="one_rate_of_a_network_from_a_day"),
            models.CheckConstraint(
                condition=models.Q(low__lte=models.F("base"), base__lte=models.F("high")), name="a_rate_in_its_band"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.network} {self.from_on}"


class ReportLink(models.Model):
    """A read-only address of the month on one page, for somebody without an account, until it expires."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    first_on = models.DateField(help_text="first day of the month")
    token_hash = models.CharField(max_length=64, unique=True, help_text="fingerprint of the token, hex")
    language = models.CharField(max_length=8)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.public_id


class MonthPlan(models.Model):
    """What the program team wants to do next, in their own words, as it stands on the page of a month."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    first_on = models.DateField(help_text="first day of the month")
    text = models.TextField(max_length=600, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "first_on"], name="one_plan_a_month")]

    def __str__(self) -> str:
        return f"{self.first_on}"
