"""Writes the house: set-up, its details, look, day zone and points; every change goes into the audit log."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.company.files import store_image
from vocero.company.models import Installation, Program
from vocero.company.queries import company_day, installation
from vocero.lib.errors import Refusal
from vocero.lib.tokens import fingerprint, same

CURRENCIES: Final = (
    "EUR USD GBP CHF PLN CZK HUF RON BGN SEK NOK DKK ISK UAH TRY MXN ARS CLP COP PEN UYU BRL CAD AUD NZD JPY INR ZAR"
).split()
LOGO_SIDE: Final = 640
_PROGRAM_NAMES: Final = {
    "en": "Our voices",
    "es": "Nuestras voces",
    "it": "Le nostre voci",
    "pl": "Nasze głosy",
}
_COLOR = re.compile(r"#[0-9a-f]{6}")


class NotPossible(Refusal):
    """A detail of the company cannot be what was given."""


class AlreadySetUp(Refusal):
    """There is a company here already."""


def setup_token() -> str | None:
    """Give the one-time token of `/setup/<token>`, or None once the company is set up.

    It is made from the installation's own secret, so that every process and every start prints the same one, and it is
    worth nothing as soon as set-up is done.
    """
    return None if installation() else fingerprint("company.setup", "first")[:32]


def is_setup_token(token: str) -> bool:
    """Say whether this token opens set-up now."""
    expected = setup_token()
    return expected is not None and same(token, expected)


def set_up(
    *,
    name: str,
    base_url: str,
    time_zone: str,
    language: str,
    currency: str,
    at: datetime,
    points: bool = True,
    is_demo: bool = False,
) -> tuple[Installation, Program]:
    """Make the installation's row and its first program; the owner and the texts follow in the packages above.

    Raises NotPossible with the field that is wrong, AlreadySetUp when there is a company.
    """
    name = " ".join(name.split())
    if not name:
        raise NotPossible(_("Please give the company a name."), field="company")
    _check_zone(time_zone)
    _check_language(language)
    _check_currency(currency)
    try:
        with transaction.atomic():
            house = Installation.objects.create(
                pk=1,
                name=name[:120],
                base_url=checked_base_url(base_url),
                time_zone=time_zone,
                language=language,
                currency=currency,
                points_enabled=points,
                is_demo=is_demo,
                set_up_at=at,
            )
            program = Program.objects.create(name=dict(_PROGRAM_NAMES), created_at=at)
            audit.record("company.set_up", actor="", at=at)
    except IntegrityError as error:
        raise AlreadySetUp(_("This company is already set up. Sign in instead.")) from error
    return house, program


def checked_base_url(address: str) -> str:
    """Give the address that people open Vocero by, without a slash at its end. Raises NotPossible."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise NotPossible(
            _("Please write the address people will open, such as https://voices.example.com."), field="base_url"
        )
    host = parts.hostname
    if host not in {name.strip("[]") for name in settings.ALLOWED_HOSTS} and "*" not in settings.ALLOWED_HOSTS:
        raise NotPossible(
            _(
                "This server does not answer to %(host)s yet. Start it with VOCERO_BASE_URL=%(address)s, "
                "or use the address that you see in your browser now."
            ),
            field="base_url",
            host=host,
            address=address.strip().rstrip("/"),
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


@transaction.atomic
def change_details(
    house: Installation, *, name: str, base_url: str, language: str, currency: str, actor: str, at: datetime
) -> None:
    """Change name, address, first language and currency. Amounts that were counted before keep their currency.

    Raises NotPossible with the field that is wrong.
    """
    name = " ".join(name.split())
    if not name:
        raise NotPossible(_("Please give the company a name."), field="name")
    _check_language(language)
    _check_currency(currency)
    before = (house.name, house.base_url, house.language, house.currency)
    house.name, house.language, house.currency = name[:120], language, currency
    house.base_url = checked_base_url(base_url)
    changed = [
        field
        for field, old in zip(("name", "base_url", "language", "currency"), before, strict=True)
        if getattr(house, field) != old
    ]
    if changed:
        house.save(update_fields=changed)
        audit.record("company.details_changed", actor=actor, at=at, detail={"fields": changed})


@transaction.atomic
def change_conversion_window(house: Installation, *, days: int, actor: str, at: datetime) -> None:
    """Credit results up to this many days after their click (1 to 365), for those that come in from now on.

    Raises NotPossible.
    """
    if not 1 <= days <= 365:
        raise NotPossible(_("Please give a number of days from 1 to 365."), field="days")
    if days != house.conversion_window_days:
        house.conversion_window_days = days
        house.save(update_fields=["conversion_window_days"])
        audit.record("company.conversion_window_changed", actor=actor, at=at, detail={"days": days})


@transaction.atomic
def change_look(
    house: Installation,
    *,
    actor: str,
    at: datetime,
    color: str = "",
    logo: bytes | None = None,
    drop_logo: bool = False,
) -> None:
    """Change the company's color (`#rrggbb`, "" for our own) and logo (a picture, see `store_image`; None keeps it).

    Raises NotPossible for a color, NotAnImage for a picture that cannot be used.
    """
    color = color.strip().lower()
    if color and not _COLOR.fullmatch(color):
        raise NotPossible(_("Please choose a color, or write it like #1f6f4a."), field="color")
    house.brand_color = color
    if logo is not None:
        house.logo = store_image(logo, at=at, longest_side=LOGO_SIDE)
    elif drop_logo:
        house.logo = None
    house.save(update_fields=["brand_color", "logo"])
    audit.record("company.look_changed", actor=actor, at=at)


@transaction.atomic
def change_time_zone(house: Installation, *, time_zone: str, from_on: date, actor: str, at: datetime) -> None:
    """Count the company's days in another time zone, from a day that has not begun yet; the same zone cancels a change.

    Raises NotPossible.
    """
    _check_zone(time_zone)
    if time_zone == house.time_zone:
        house.next_time_zone, house.next_time_zone_from_on = "", None
    else:
        if from_on < earliest_change_on(house, at):
            raise NotPossible(
                _("Please choose a day from %(day)s on: days that have begun keep the zone they were counted in."),
                field="from_on",
                day=earliest_change_on(house, at).isoformat(),
            )
        house.next_time_zone, house.next_time_zone_from_on = time_zone, from_on
    house.save(update_fields=["next_time_zone", "next_time_zone_from_on"])
    audit.record(
        "company.time_zone_changed", actor=actor, at=at, detail={"to": time_zone, "from_on": from_on.isoformat()}
    )


def earliest_change_on(house: Installation, at: datetime) -> date:
    """Give the first day from which another time zone may hold: two days ahead, so that it has begun nowhere."""
    return company_day(house, at) + timedelta(days=2)


@transaction.atomic
def change_points(
    house: Installation, *, enabled: bool, off_countries: Iterable[str], actor: str, at: datetime
) -> None:
    """Switch points on or off, for everybody or for countries (ISO codes) where they may not be used."""
    house.points_enabled = enabled
    house.points_off_countries = sorted({code.upper() for code in off_countries if len(code) == 2})
    house.save(update_fields=["points_enabled", "points_off_countries"])
    audit.record(
        "company.points_changed", actor=actor, at=at, detail={"on": enabled, "off_in": house.points_off_countries}
    )


def record_mail_test(house: Installation, *, at: datetime) -> None:
    """Remember that a test mail left this house."""
    house.mail_tested_at = at
    house.save(update_fields=["mail_tested_at"])


def mark_step(house: Installation, step: str, *, state: str) -> None:
    """Remember a step of the first day as `done` or `skipped`; "" forgets it, so that it is offered again."""
    steps = {name: kept for name, kept in house.setup_steps.items() if name != step}
    house.setup_steps = steps | ({step: state} if state else {})
    house.save(update_fields=["setup_steps"])


def _check_zone(name: str) -> None:
    if name not in available_timezones():
        raise NotPossible(_("Please choose a time zone from the list, such as Europe/Warsaw."), field="time_zone")


def _check_language(code: str) -> None:
    if code not in dict(settings.LANGUAGES):
        raise NotPossible(_("Please choose one of the languages in the list."), field="language")


def _check_currency(code: str) -> None:
    if code not in CURRENCIES:
        raise NotPossible(_("Please choose one of the currencies in the list."), field="currency")
