"""The practice network: everything works as elsewhere, nothing leaves, nothing counts."""

from datetime import timedelta

from django.utils.translation import pgettext_lazy

from vocero.networks.base import Channel, Draft, Login, Published, Retry, RetryKind
from vocero.networks.by_hand import ByHand
from vocero.networks.limits import Limits


class Practice(ByHand):
    """For the afraid and for the demo: it takes every post, always, and shows it to nobody."""

    name = "practice"
    label = pgettext_lazy("where to share", "Practice")
    channel = Channel.PRACTICE
    retry = Retry(RetryKind.RECORD_KEY, settles_after=timedelta(0))
    limits = Limits(characters=500, images=4, alt_characters=1500)
    withdraws = True
    counts = False

    def publish(self, account: Login, draft: Draft, key: str) -> Published:
        return Published(f"practice-{key}", "")

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        return Published(f"practice-{key}", "")

    def withdraw(self, account: Login, remote_id: str) -> None:
        return
