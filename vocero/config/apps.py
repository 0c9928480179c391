"""The app of settings and commands: the words of every form, and in the demo the stand-ins for real networks."""

from django.apps import AppConfig
from django.conf import settings
from django.forms import Field
from django.utils.translation import gettext_lazy


class ConfigConfig(AppConfig):
    """What happens once at the start of every process."""

    name = "vocero.config"

    def ready(self) -> None:
        """Say in our own words that something is missing; in the demo, let nothing leave this computer."""
        Field.default_error_messages["required"] = gettext_lazy("We still need this one.")
        if settings.ENVIRONMENT.demo:
            from vocero.config.demo.social import stand_in

            stand_in()
