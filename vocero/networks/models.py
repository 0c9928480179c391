"""Where: a member's connected accounts, chosen networks and the audience they told us or a network reported."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from vocero.lib.ids import public_id
from vocero.people.models import Member


class InstanceApp(models.Model):
    """Our app registration on one instance of a federated network (Mastodon: one per server)."""

    network = models.CharField(max_length=20)
    instance = models.CharField(max_length=255)
    client_id = models.CharField(max_length=255)
    credentials = models.BinaryField(help_text="client secret, AES-GCM bound to this row")
    redirect_uri = models.CharField(max_length=300, default="", help_text="what the instance sends people back to")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "instance"], name="one_app_per_instance")]

    def __str__(self) -> str:
        return f"{self.network} {self.instance}"


class Account(models.Model):
    """A member's own account on a network, connected by that member; tokens are encrypted and bound to the row."""

    class State(models.TextChoices):
        CONNECTED = "connected", _("Connected")
        RECONNECT = "reconnect", _("Please reconnect")
        DISCONNECTED = "disconnected", _("Disconnected")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="accounts")
    network = models.CharField(max_length=20)
    instance = models.CharField(max_length=255, blank=True, help_text="base URL of the server, without a slash")
    remote_id = models.CharField(max_length=255)
    handle = models.CharField(max_length=255)
    credentials = models.BinaryField(null=True, blank=True)
    limits = models.JSONField(default=dict, blank=True, help_text="what this server told of its limits")
    state = models.CharField(max_length=12, choices=State, default=State.CONNECTED)
    expires_at = models.DateTimeField(null=True, blank=True)
    refresh_started_at = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    reconnect_asked_at = models.DateTimeField(null=True, blank=True)
    followers_due_at = models.DateTimeField(null=True, blank=True, help_text="when to ask for followers next")
    connected_at = models.DateTimeField()
    disconnected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "network", "instance", "remote_id"], name="one_row_per_connected_account"
            )
        ]
        indexes = [models.Index(fields=["state", "expires_at"])]

    def __str__(self) -> str:
        return f"{self.network} account {self.pk}"


class Audience(models.Model):
    """Followers of a member on a network: a rough range entered by the member, or a number read from the network."""

    class Origin(models.TextChoices):
        ENTERED = "entered", _("entered by the person")
        READ = "read", _("reported by the network")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="audiences")
    network = models.CharField(max_length=20)
    low = models.PositiveIntegerField()
    high = models.PositiveIntegerField()
    origin = models.CharField(max_length=8, choices=Origin)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "network"], name="one_audience_per_network")]

    def __str__(self) -> str:
        return f"{self.network} {self.low}-{self.high}"


class NetworkChoice(models.Model):
    """A network that a member chose at joining; these come first in the composer, in this order."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="network_choices")
    network = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "network"], name="one_choice_per_network")]
        ordering = ["position", "network"]

    def __str__(self) -> str:
        return self.network
