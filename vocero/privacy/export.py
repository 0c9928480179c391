"""Everything that the installation holds of one person, for that person: JSON for machines, a table of shares for eyes."""

import csv
import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext as _

from vocero.lib.sheets import safe_cell
from vocero.people.models import Member
from vocero.privacy.register import REGISTER
from vocero.sharing.models import Share
from vocero.tracking.models import ShareTotal

JSON_NAME: Final = "everything.json"
TABLE_NAME: Final = "shares.csv"


def everything_of(member: Member) -> dict[str, list[dict[str, Any]]]:
    """Give all rows of a person by model, with the columns that the register names; no tokens, no keys, no hashes."""
    found: dict[str, list[dict[str, Any]]] = {}
    for label, entry in REGISTER.items():
        if not entry.path or not entry.columns:
            continue
        model: type[Model] = apps.get_model(label)
        named = [
            field.name for field in model._meta.concrete_fields if field.is_relation and field.name in entry.columns
        ]
        rows = model._default_manager.filter(**{entry.path: member.pk}).order_by("pk")
        rows = rows.select_related(*named) if named else rows
        found[label] = [{column: _plain(getattr(row, column)) for column in entry.columns} for row in rows]
    return found


def archive_of(member: Member) -> bytes:
    """Give a ZIP archive with everything, and a table of the person's shares and what they brought."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(JSON_NAME, json.dumps(everything_of(member), ensure_ascii=False, indent=2))
        archive.writestr(TABLE_NAME, "\ufeff" + _table(member))
    return memory.getvalue()


def _table(member: Member) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow([_("Day"), _("Network"), _("Post"), _("Text"), _("Address"), _("Unique clicks")])
    shares = Share.objects.filter(member=member, day_on__isnull=False).select_related("post").order_by("out_at")
    totals = ShareTotal.objects.filter(share__member=member)
    clicks = dict(totals.values_list("share_id", "unique"))
    for share in shares:
        row = [
            share.day_on,
            share.network,
            share.post.title,
            share.text,
            share.remote_url,
            clicks.get(share.pk, 0),
        ]
        writer.writerow([safe_cell(cell) for cell in row])
    return sheet.getvalue()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return str(value)
