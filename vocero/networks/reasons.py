"""Why a network or we refused something, as short codes in rows and as sentences on pages."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.lib.errors import Refusal

REASONS: Mapping[str, str | Promise] = {
    "too_long": _("The network found the text too long. Shorten it and share it again."),
    "media": _("The network did not take the image. Try another one."),
    "rejected": _("The network did not accept this post. Check the text and try again."),
    "gone": _("The post is no longer there on the network."),
    "moved": _("The network's server has moved or does not answer as expected. Connect your account again."),
    "address": _("The network's server cannot be called from here. Ask the program team to check its address."),
    "main_password": _("That is your main password. Make an app password in Bluesky's settings and use that one."),
    "unsupported": _("The network does not let us do this for you. Please do it in the network itself."),
}
"""Every reason that `Refused` may carry, with the sentence that a page shows for it."""


class NetworkRefusal(Refusal):
    """A connection or a setting of networks that cannot be made; the sentence says what to do."""


def no_such_network() -> NetworkRefusal:
    """The refusal for a network that this installation does not have."""
    return NetworkRefusal(_("This network is not available here. Choose another one."), field="network")


def bad_server() -> NetworkRefusal:
    """The refusal for a server address that cannot be one."""
    return NetworkRefusal(
        _("That does not look like a server. Write its address, such as mastodon.social."), field="instance"
    )


def no_answer(server: str) -> NetworkRefusal:
    """The refusal for a server that does not answer as a network should."""
    return NetworkRefusal(
        _("%(server)s does not answer. Check the address, or try again in a few minutes."),
        field="instance",
        server=server,
    )


def not_accepted() -> NetworkRefusal:
    """The refusal for a name and password that the network does not know."""
    return NetworkRefusal(
        _("The network did not accept this name and app password. Check both and try again."), field="password"
    )


def stale_connection() -> NetworkRefusal:
    """The refusal for a consent page answered too late or by somebody else."""
    return NetworkRefusal(_("This connection took too long or was started by somebody else. Start again."))


def consent_declined() -> NetworkRefusal:
    """The refusal when the member said no on the network's own page."""
    return NetworkRefusal(_("The network did not connect your account. You can try again whenever you like."))
