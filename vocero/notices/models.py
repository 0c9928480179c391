"""Rows of notices: which mails left, and the mailbox of the demo."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.lib.ids import public_id
from vocero.people.models import Member


class Mail(models.Model):
    """A mail that was to leave: to whom, of which kind and what became of it. Its text and its secrets are not kept."""

    class State(models.TextChoices):
        SENT = "sent", _("Sent")
        REFUSED = "refused", _("Refused by the recipient's server")
        DELAYED = "delayed", _("Not sent yet")
        OFF = "off", _("Mail is not set up")

    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="mails")
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State)
    code = models.CharField(max_length=40, blank=True, help_text="SMTP answer or the name of the failure")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at", "state"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class MailboxMessage(models.Model):
    """A mail of the demo, which sends none: kept whole to be looked at."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    recipient = models.CharField(max_length=254)
    sender = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.subject


class WeeklyChoice(models.Model):
    """Whether a member wants the weekly mail: chosen at joining or later, ended with one click."""

    member = models.OneToOneField(Member, primary_key=True, on_delete=models.PROTECT, related_name="weekly_choice")
    wanted = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"weekly choice {self.pk}"


class WeeklyMail(models.Model):
    """A member's week: claimed by one worker, then sent, or found to hold nothing new."""

    class State(models.TextChoices):
        CLAIMED = "claimed", _("Being written")
        SENT = "sent", _("Sent")
        NOTHING = "nothing", _("Nothing new")
        NOT_SENT = "not_sent", _("Could not be sent")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="weekly_mails")
    week_on = models.DateField(help_text="the Monday of the week, in the member's time zone")
    state = models.CharField(max_length=8, choices=State, default=State.CLAIMED)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "week_on"], name="one_mail_a_week")]

    def __str__(self) -> str:
        return f"week {self.week_on}"
