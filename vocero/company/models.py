"""The house itself: the installation, its programs, stored files, audit log, due-work rows, revisions and API keys."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.lib.ids import public_id


class Installation(models.Model):
    """The one row that says whose house this is and how it counts."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=120)
    base_url = models.URLField(max_length=200)
    links_url = models.URLField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    next_time_zone = models.CharField(max_length=64, blank=True)
    next_time_zone_from_on = models.DateField(null=True, blank=True)
    language = models.CharField(max_length=8, default="en")
    currency = models.CharField(max_length=3, default="EUR")
    brand_color = models.CharField(max_length=7, blank=True)
    logo = models.ForeignKey("company.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    points_enabled = models.BooleanField(default=True)
    points_off_countries = models.JSONField(default=list, blank=True)
    conversion_window_days = models.PositiveSmallIntegerField(default=30)
    mail_tested_at = models.DateTimeField(null=True, blank=True)
    set_up_at = models.DateTimeField(null=True, blank=True)
    setup_steps = models.JSONField(default=dict, blank=True)
    backed_up_at = models.DateTimeField(null=True, blank=True, help_text="when the last complete backup began")
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="installation_is_one_row")]

    def __str__(self) -> str:
        return self.name


class Program(models.Model):
    """An advocacy program of the company; set-up makes the first one."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    name = models.JSONField(default=dict)
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="when those without an answer were reminded")
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(next(iter(self.name.values()), self.public_id))


class StoredFile(models.Model):
    """A file that was re-encoded at upload; its random key is all that a URL ever shows."""

    key = models.CharField(max_length=32, unique=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="bytes")
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class AuditEntry(models.Model):
    """One line of the append-only log of what managers and owners did; each line seals the one before."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=16, blank=True, help_text="public id of the member who acted")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    seal = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"


class Schedule(models.Model):
    """When a piece of due work runs next; moved by compare-and-set so that many workers fire it once."""

    name = models.CharField(max_length=80, primary_key=True)
    next_run_at = models.DateTimeField()
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_finished_at = models.DateTimeField(null=True, blank=True)
    last_count = models.IntegerField(default=0)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class Revision(models.Model):
    """A mark that triggers of the database leave behind a change of watched tables; see `revisions`."""

    area = models.CharField(max_length=16)
    tx = models.BigIntegerField(help_text="the transaction that changed something; 0 where one row is enough")
    number = models.BigIntegerField(help_text="drawn by chance, so that no two states of the data are called alike")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["area", "tx"], name="one_mark_a_transaction")]

    def __str__(self) -> str:
        return f"{self.area} {self.number}"


class ApiKey(models.Model):
    """A key for the API: secret (server to server) or site (public, write-only, bound to an origin)."""

    class Kind(models.TextChoices):
        SECRET = "secret", _("Secret key")
        SITE = "site", _("Site key")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind)
    prefix = models.CharField(max_length=16, db_index=True)
    secret_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key, hex")
    scopes = models.JSONField(default=list)
    origin = models.CharField(max_length=200, blank=True, help_text="site keys: the only origin that may use it")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
