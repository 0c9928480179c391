"""The app of settings and commands; in the demo it puts the stand-ins for real networks in place."""

from django.apps import AppConfig
from django.conf import settings


class ConfigConfig(AppConfig):
    """What happens once at the start of every process."""

    name = "vocero.config"

    def ready(self) -> None:
        """In the demo, let nothing leave this computer."""
        if settings.ENVIRONMENT.demo:
            from vocero.config.demo.social import stand_in

            stand_in()
