"""Who: members, teams, segments, invitations, enrolment and the record of consent."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Program
from vocero.lib.ids import public_id


class Team(models.Model):
    """A team in the company's tree of teams; a merged team points to the one it went into."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    alias_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="aliases")
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "parent"], condition=models.Q(archived_at=None), name="team_name_once_under_a_parent"
            ),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(archived_at=None, parent=None), name="team_name_once_at_the_top"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Members(BaseUserManager["Member"]):
    """Reads members by their work e-mail, which is what people sign in with."""

    def get_by_natural_key(self, username: str | None) -> "Member":
        return self.get(email=(username or "").lower())


class Member(AbstractBaseUser):
    """A person who works here. Erasure empties the row in place; it is never deleted."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MANAGER = "manager", _("Program team")
        ADVOCATE = "advocate", _("Colleague")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    email = models.EmailField(max_length=254, unique=True, null=True, blank=True)
    name = models.CharField(max_length=150)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="members")
    location = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2")
    language = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    job_title = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.ADVOCATE)
    is_active = models.BooleanField(default=True)
    session_epoch = models.PositiveIntegerField(default=0, help_text="a higher number ends every session before it")
    created_at = models.DateTimeField()
    deactivated_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = Members()

    class Meta:
        indexes = [models.Index(fields=["team", "is_active"]), models.Index(fields=["name"])]

    def __str__(self) -> str:
        return self.name or self.public_id

    @property
    def runs_the_program(self) -> bool:
        """Whether this member sees the pages of the program team."""
        return self.role in {self.Role.OWNER, self.Role.MANAGER}

    @property
    def is_staff(self) -> bool:
        """Django's word for it; the admin is not installed, some libraries ask all the same."""
        return False

    def get_session_auth_hash(self) -> str:
        """Django's: what a session was made for; it changes with the password and when the member signs out everywhere."""
        return f"{super().get_session_auth_hash()}.{self.session_epoch}"

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]


class Segment(models.Model):
    """A group that posts are offered to: team AND location AND language, plus people picked by hand."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="segments")
    name = models.JSONField(default=dict)
    teams = models.ManyToManyField(Team, blank=True, related_name="segments")
    locations = models.JSONField(default=list, blank=True)
    languages = models.JSONField(default=list, blank=True)
    picked = models.ManyToManyField(Member, blank=True, related_name="picked_for")
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(next(iter(self.name.values()), self.public_id))


class ConsentText(models.Model):
    """A version of what joining means, in each language; what was shown is what was agreed to."""

    version = models.PositiveIntegerField(unique=True)
    text = models.JSONField(help_text="{language: Markdown}")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"v{self.version}"


class Invitation(models.Model):
    """One way in for one member. Opening it never uses it up; the button on its page does."""

    class Channel(models.TextChoices):
        MAIL = "mail", _("By mail")
        LINK = "link", _("Personal link")
        QR = "qr", _("Printed code")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="invitations")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="invitations")
    channel = models.CharField(max_length=4, choices=Channel)
    token_hash = models.CharField(max_length=64, unique=True, help_text="keyed hash of the token, hex")
    code_hash = models.CharField(max_length=64, blank=True)
    code_attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True, help_text="when the mail is to leave; blank when none is")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="a worker is sending it until then")
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    reminds = models.BooleanField(default=False, help_text="this one was the single reminder")
    renews = models.BooleanField(default=False, help_text="the member asked for it because an older one had expired")

    class Meta:
        indexes = [
            models.Index(fields=["member", "program"]),
            models.Index(fields=["due_at"], condition=models.Q(sent_at=None, bounced_at=None), name="invitation_due"),
            models.Index(
                fields=["program", "bounced_at"],
                condition=models.Q(bounced_at__isnull=False),
                name="invitation_bounced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"


class Enrolment(models.Model):
    """A member's own answer to one program. Seen by that member alone."""

    class State(models.TextChoices):
        JOINED = "joined", _("Taking part")
        PAUSED = "paused", _("Paused")
        DECLINED = "declined", _("No, thank you")
        LEFT = "left", _("Left")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="enrolments")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="enrolments")
    state = models.CharField(max_length=8, choices=State)
    consent_text = models.ForeignKey(
        ConsentText, null=True, blank=True, on_delete=models.PROTECT, related_name="enrolments"
    )
    joined_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    paused_until_on = models.DateField(null=True, blank=True)
    shows_name = models.BooleanField(default=False, help_text="may stand with name beside own results")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "program"], name="one_enrolment_per_program")]
        indexes = [
            models.Index(fields=["program", "state"]),
            models.Index(fields=["program", "member"], condition=models.Q(shows_name=True), name="shows_the_name"),
        ]

    def __str__(self) -> str:
        return f"enrolment {self.pk}"


class ConsentEvent(models.Model):
    """An append-only line: which text this member answered, how, and when."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="consent_events")
    text = models.ForeignKey(ConsentText, null=True, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=8, choices=Enrolment.State)
    language = models.CharField(max_length=8)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.state} {self.at:%Y-%m-%d}"


class PeopleImport(models.Model):
    """An uploaded people list between upload and confirmation; nothing is written before."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CONFIRMED = "confirmed", _("Imported")
        DISCARDED = "discarded", _("Discarded")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    filename = models.CharField(max_length=200)
    columns = models.JSONField(default=list, help_text="the names that stand above the columns")
    rows = models.JSONField(default=list, help_text="[number of the line in the file, [cells]]")
    mapping = models.JSONField(default=dict, help_text="{field of a member: index of its column}")
    done = models.PositiveIntegerField(default=0, help_text="rows that have been gone through since confirmation")
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    created_by = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="people_imports")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.filename
