"""May it be said: guideline versions and their acceptance, terms, disclosure wording and the stop switch."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.lib.ids import public_id
from vocero.people.models import Member


class Guideline(models.Model):
    """A version of the company's guideline in Markdown; the newest published one is in force."""

    version = models.PositiveIntegerField(unique=True)
    text = models.JSONField(help_text="{language: Markdown}")
    created_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"v{self.version}"


class Acknowledgement(models.Model):
    """A member accepted a version of the guideline."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="acknowledgements")
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="acknowledgements")
    language = models.CharField(max_length=8)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "guideline"], name="accept_a_version_once")]

    def __str__(self) -> str:
        return f"acknowledgement {self.pk}"


class Term(models.Model):
    """A word or phrase that the checks look for."""

    class Kind(models.TextChoices):
        BANNED = "banned", _("Banned phrase")
        CONFIDENTIAL = "confidential", _("Confidential term")
        PRODUCT = "product", _("Product name")
        COMPANY = "company", _("Company name")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    text = models.CharField(max_length=200, blank=True, help_text="blank for confidential terms")
    sealed = models.BinaryField(null=True, blank=True, help_text="confidential terms: AES-GCM bound to this row")
    blocks = models.BooleanField(default=True, help_text="blocking or advising")
    advice = models.JSONField(default=dict, blank=True, help_text="{language: what to do instead}")
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.public_id


class DisclosureWording(models.Model):
    """One accepted wording that says 'I work here', early in the text, in one language."""

    language = models.CharField(max_length=8)
    text = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["language", "position", "id"]

    def __str__(self) -> str:
        return self.text


class StopSwitch(models.Model):
    """While a row has no released_at, nothing new is sent; read before each send."""

    engaged_at = models.DateTimeField()
    engaged_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=280, blank=True)
    holds_mail = models.BooleanField(default=False, help_text="a restored copy: mail of its own accord waits as well")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "stop switches"

    def __str__(self) -> str:
        return f"stop {self.engaged_at:%Y-%m-%d %H:%M}"
