"""The act: shares with everything frozen that counts later, their links, attempts and the engagement read back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Program
from vocero.content.models import Campaign, Caption, Kind, Origin, Post, PostImage
from vocero.lib.ids import link_token, public_id
from vocero.networks.models import Account
from vocero.people.models import Member, Team


class Draft(models.Model):
    """What an advocate has typed so far for a post on a network: theirs alone, so that nothing typed is lost."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="drafts")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="drafts")
    network = models.CharField(max_length=20)
    text = models.TextField(max_length=70000)
    caption = models.ForeignKey(Caption, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    disclosure = models.CharField(max_length=160, blank=True, help_text="the wording chosen; blank: the first one")
    disclosure_on = models.BooleanField(default=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "post", "network"], name="one_draft_per_network")]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class Share(models.Model):
    """One post, by one advocate, to one network. The frozen columns never change after it was made."""

    class Channel(models.TextChoices):
        API = "api", _("Published for you")
        HANDOFF = "handoff", _("Finished by you")
        PRACTICE = "practice", _("Practice")

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Out")
        UNCONFIRMED = "unconfirmed", _("Not confirmed")
        FAILED = "failed", _("Not sent")
        CANCELLED = "cancelled", _("Cancelled")
        STARTED = "started", _("Started")
        NOT_POSTED = "not_posted", _("Not posted")
        WITHDRAWN = "withdrawn", _("Taken down")

    class Certainty(models.TextChoices):
        PUBLISHED = "published", _("published by us")
        MEASURED = "measured", _("measured by a click")
        SELF_REPORTED = "self_reported", _("self-reported")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="shares")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="shares")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="shares")
    caption = models.ForeignKey(Caption, null=True, blank=True, on_delete=models.PROTECT, related_name="shares")
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="shares")
    network = models.CharField(max_length=20)
    channel = models.CharField(max_length=8, choices=Channel)
    state = models.CharField(max_length=12, choices=State)
    certainty = models.CharField(max_length=14, choices=Certainty, blank=True)
    text = models.TextField(help_text="the text sent, or handed over")
    images = models.ManyToManyField(PostImage, blank=True, related_name="+")
    # frozen at the moment of sharing
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="shares")
    team_path = models.JSONField(default=list, help_text="ids of the team and its ancestors, root first")
    location = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=8, blank=True)
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="shares")
    origin = models.CharField(max_length=12, choices=Origin, blank=True)
    kind = models.CharField(max_length=20, choices=Kind, blank=True)
    purposes = models.JSONField(default=list)
    topics = models.JSONField(default=list, help_text="ids")
    personalized = models.BooleanField(default=False)
    disclosed = models.BooleanField(default=True)
    # when
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    due_wall = models.CharField(max_length=16, blank=True, help_text="YYYY-MM-DDTHH:MM as the advocate meant it")
    due_zone = models.CharField(max_length=64, blank=True)
    out_at = models.DateTimeField(null=True, blank=True, help_text="when it became a share")
    day_on = models.DateField(null=True, blank=True, help_text="out_at in the company's reporting time zone")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="cancelled, withdrawn, failed or not posted")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="handoff: asked whether it is out")
    # the outbox
    key = models.CharField(max_length=40, blank=True, help_text="idempotency or record key, made before the call")
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    first_sent_at = models.DateTimeField(null=True, blank=True, help_text="when the first attempt's intent was stored")
    remote_id = models.CharField(max_length=255, blank=True)
    remote_url = models.CharField(max_length=500, blank=True)
    reason = models.CharField(max_length=60, blank=True, help_text="a code that the page puts into words")
    # reading engagement
    engagement_due_at = models.DateTimeField(null=True, blank=True, help_text="when to ask next; none: no more")
    engagement_changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["engagement_due_at"], condition=models.Q(engagement_due_at__isnull=False), name="engagement_due"
            ),
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["state", "lease_until"]),
            models.Index(fields=["member", "-created_at"]),
            models.Index(fields=["member", "post"], name="shares_of_one_post"),
            models.Index(fields=["post", "network", "created_at"]),
            models.Index(fields=["program", "day_on"]),
            models.Index(
                fields=["program", "state", "created_at", "network"],
                condition=models.Q(day_on__isnull=True),
                name="shares_that_are_not_out",
            ),
        ]

    def __str__(self) -> str:
        return f"share {self.pk}"


class Attempt(models.Model):
    """One try to send a share: stored before the call, finished after it."""

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["share", "number"], name="an_attempt_has_one_number")]

    def __str__(self) -> str:
        return f"{self.share_id}/{self.number}"


class Link(models.Model):
    """A tracked link: a token that leads to a target, for a share or a post."""

    class Kind(models.TextChoices):
        SHARE = "share", _("Share")
        POST = "post", _("Post")

    class State(models.TextChoices):
        LIVE = "live", _("Live")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REROUTED = "rerouted", _("Rerouted")
        EXPIRED = "expired", _("Expired")

    token = models.CharField(max_length=11, unique=True, default=link_token, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    share = models.OneToOneField(Share, null=True, blank=True, on_delete=models.PROTECT, related_name="link")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="links")
    target_url = models.URLField(max_length=2000)
    utm = models.JSONField(default=dict, help_text="source, medium, campaign, content: no person in it")
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.LIVE)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="when target or state last changed; the links processes look for it each second",
    )

    class Meta:
        indexes = [
            models.Index(fields=["changed_at"], condition=models.Q(changed_at__isnull=False), name="link_changes")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="share", share__isnull=False) | models.Q(kind="post", share__isnull=True),
                name="a_share_link_has_its_share",
            )
        ]

    def __str__(self) -> str:
        return self.token


class EngagementReading(models.Model):
    """Totals that a network reported for a share at one moment: never who reacted or what they wrote."""

    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="engagement_readings")
    day_on = models.DateField()
    reactions = models.PositiveIntegerField(default=0)
    comments = models.PositiveIntegerField(default=0)
    reshares = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["share", "day_on"], name="one_reading_a_day")]
        indexes = [models.Index(fields=["day_on"], name="readings_by_day")]

    def __str__(self) -> str:
        return f"{self.share_id} {self.day_on}"
