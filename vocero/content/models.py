"""What there is to share: sources, posts with their captions and images, topics and campaigns."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Program, StoredFile
from vocero.lib.ids import public_id
from vocero.people.models import Member, Segment


class Kind(models.TextChoices):
    """What a post is about (requirement ids 002.20-23)."""

    BRANDED = "branded", _("Branded")
    EMPLOYER_BRAND = "employer_brand", _("Employer brand")
    INDUSTRY_INSIGHT = "industry_insight", _("Industry insight")
    EMPLOYEE_MADE = "employee_made", _("Employee-made")


class Origin(models.TextChoices):
    """Where a post comes from: the six, the three and the one of 6-3-1."""

    CURATED = "curated", _("Curated")
    COMPANY = "company", _("Company")
    PROMOTIONAL = "promotional", _("Promotional")


class Purpose(models.TextChoices):
    """The three E: what a post does for the person who reads it."""

    ENTERTAIN = "entertain", _("Entertain")
    ENLIGHTEN = "enlighten", _("Enlighten")
    EDUCATE = "educate", _("Educate")


class Topic(models.Model):
    """A subject that people follow; a merged topic points to the one it went into."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="topics")
    name = models.JSONField(help_text="{language: name}, each at most 40 characters")
    alias_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="aliases")
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(next(iter(self.name.values()), self.public_id))


class TopicFollow(models.Model):
    """A topic that a member wants to see first."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="topic_follows")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="follows")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "topic"], name="follow_a_topic_once")]

    def __str__(self) -> str:
        return f"follow {self.pk}"


class Campaign(models.Model):
    """A named effort with a beginning and an end that posts belong to."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="campaigns")
    name = models.CharField(max_length=80)
    code = models.SlugField(max_length=60, help_text="stands in utm_campaign")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "code"], name="campaign_code_once")]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """A feed that brings posts in, with what its manager decided about them and how it is doing."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        GONE = "gone", _("Gone for good")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="sources")
    name = models.CharField(max_length=200)
    site_url = models.URLField(max_length=2000)
    feed_url = models.URLField(max_length=2000)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    language = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=20, choices=Kind, blank=True)
    origin = models.CharField(max_length=12, choices=Origin, blank=True)
    purposes = models.JSONField(default=list, blank=True)
    topics = models.ManyToManyField(Topic, blank=True, related_name="sources")
    straight_in = models.BooleanField(default=False, help_text="offered without review")
    self_check_at = models.DateTimeField(null=True, blank=True, help_text="'would I post this on my own profile?'")
    days_active = models.PositiveSmallIntegerField(default=30)
    most_active = models.PositiveSmallIntegerField(default=50)
    most_new_a_day = models.PositiveSmallIntegerField(default=10)
    etag = models.CharField(max_length=400, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    next_fetch_at = models.DateTimeField(db_index=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    newest_entry_at = models.DateTimeField(null=True, blank=True, help_text="when its newest entry appeared")
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=60, blank=True, help_text="a code that the page puts into words")
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "feed_url"], condition=models.Q(archived_at=None), name="a_feed_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """One thing worth sharing in the library: waiting in the inbox, being written, offered, or put away."""

    class State(models.TextChoices):
        INBOX = "inbox", _("Waiting")
        DRAFT = "draft", _("Draft")
        OFFERED = "offered", _("Offered")
        DISMISSED = "dismissed", _("Dismissed")
        ARCHIVED = "archived", _("Archived")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="posts")
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="posts")
    guid = models.CharField(max_length=500, blank=True, help_text="the entry's own id in its feed")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    url = models.URLField(max_length=2000, blank=True)
    url_key = models.CharField(max_length=64, blank=True, editable=False, help_text="the same for one page's spellings")
    title = models.CharField(max_length=300, blank=True)
    description = models.TextField(blank=True)
    site_name = models.CharField(max_length=120, blank=True)
    remote_image_url = models.URLField(max_length=2000, blank=True)
    card_image = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="of the link's card"
    )
    preview_due_at = models.DateTimeField(null=True, blank=True, help_text="when to read the linked page next")
    preview_attempts = models.PositiveSmallIntegerField(default=0)
    search_text = models.TextField(blank=True, editable=False, help_text="folded, for searching")
    published_at = models.DateTimeField(null=True, blank=True, help_text="when the source says it appeared")
    kind = models.CharField(max_length=20, choices=Kind, blank=True)
    origin = models.CharField(max_length=12, choices=Origin, blank=True)
    purposes = models.JSONField(default=list, blank=True)
    topics = models.ManyToManyField(Topic, blank=True, related_name="posts")
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="posts")
    language = models.CharField(max_length=8, blank=True)
    segments = models.ManyToManyField(Segment, blank=True, related_name="posts")
    networks_allowed = models.JSONField(default=list, blank=True, help_text="empty: all")
    hashtags = models.JSONField(default=list, blank=True, help_text="without the sign")
    why_share = models.CharField(max_length=280, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    featured_at = models.DateTimeField(null=True, blank=True)
    self_check_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="posts_made")
    offered_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.PROTECT, related_name="posts_offered"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "guid"], condition=~models.Q(guid=""), name="an_entry_of_a_source_once"
            )
        ]
        indexes = [
            models.Index(fields=["program", "state", "-offered_at", "-id"]),
            models.Index(
                fields=["program", "-offered_at", "-id"],
                condition=models.Q(offered_at__isnull=False),
                name="posts_as_they_were_offered",
            ),
            models.Index(fields=["program", "state", "-created_at"]),
            models.Index(fields=["program", "state", "-updated_at"]),
            models.Index(fields=["program", "url_key"]),
            models.Index(fields=["source", "state"]),
            models.Index(fields=["state", "expires_at"]),
            models.Index(fields=["preview_due_at"]),
        ]

    def __str__(self) -> str:
        return self.title or self.public_id


class PostImage(models.Model):
    """An image of a post, with the words that stand in for it."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="images")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    alt = models.CharField(max_length=1000, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.alt or str(self.pk)


class Caption(models.Model):
    """A variant: a ready text for a post in one language, for one network or (blank) for any."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="captions")
    language = models.CharField(max_length=8)
    network = models.CharField(max_length=20, blank=True)
    text = models.TextField(max_length=5000)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text[:40]
