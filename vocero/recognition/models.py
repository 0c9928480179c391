"""Thanks: the points ledger, which only grows, and the notes that people send for a share."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Program
from vocero.content.models import Post
from vocero.lib.ids import public_id
from vocero.people.models import Member
from vocero.sharing.models import Share


class LedgerEntry(models.Model):
    """Points given, or taken back visibly, for one fact by one version of one rule. Never changed, never deleted."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="ledger")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="ledger")
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="ledger")
    rule = models.CharField(max_length=30)
    rule_version = models.PositiveSmallIntegerField()
    fact = models.CharField(max_length=60, help_text="what earned it, such as share:17 or share:17:clicks:4")
    points = models.SmallIntegerField(help_text="below zero: a correction")
    at = models.DateTimeField()
    day_on = models.DateField()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "rule_version", "fact", "member"], name="a_fact_earns_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["member", "program", "-at"]),
            models.Index(fields=["program", "day_on"]),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.points:+d}"


class ScoreLock(models.Model):
    """One row a program, held while points are given, so that two workers never count from the same base."""

    program = models.OneToOneField(Program, primary_key=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"score {self.pk}"


class Note(models.Model):
    """A colleague's thanks for one share, from somebody who chose to write it."""

    public_id = models.CharField(max_length=12, unique=True, default=public_id, editable=False)
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="notes_written")
    text = models.CharField(max_length=280)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["share", "author"], name="one_note_from_a_colleague")]

    def __str__(self) -> str:
        return f"note {self.pk}"


class PostThanks(models.Model):
    """The program team's thanks to all who shared a post; it names nobody and needs no list of them."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="thanks")
    author = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="thanks_given")
    text = models.CharField(max_length=280)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "post thanks"

    def __str__(self) -> str:
        return f"thanks {self.pk}"


class PeriodPoints(models.Model):
    """What one member's ledger entries of one calendar period add up to; made again from the ledger at any time.

    The day of an entry is that of its share. The period "all" holds every entry and begins on 1970-01-01.
    """

    class Kind(models.TextChoices):
        WEEK = "w", _("Week")
        MONTH = "m", _("Month")
        QUARTER = "q", _("Quarter")
        ALL = "a", _("All the time")

    pk = models.CompositePrimaryKey("program", "kind", "first_on", "member")
    kind = models.CharField(max_length=1, choices=Kind)
    first_on = models.DateField()
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    points = models.IntegerField()

    class Meta:
        verbose_name_plural = "period points"
        indexes: ClassVar = [
            models.Index(fields=["program", "kind", "first_on", "points", "member"], name="points_by_rank")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.first_on} {self.points}"
