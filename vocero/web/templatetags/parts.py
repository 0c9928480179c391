"""The parts of the interface as template tags: `{% load parts %}`; what each looks like is on /styleguide."""

import calendar as months
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import segno
from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from vocero.web import navigation, stylesheet
from vocero.web.charts import Chart
from vocero.web.figures import CERTAINTIES
from vocero.web.files import file_url
from vocero.web.tables import Table

register = template.Library()

NETWORK_ICONS = {"linkedin", "mastodon", "bluesky", "x", "facebook", "instagram", "threads", "whatsapp"}
NETWORK_STAND_INS = {"email": "mail", "practice": "footprints", "copy": "copy"}
BLANK_CELL = re.compile(r"<td([^>]*)>\s+</td>")
BANNER_ICONS = {
    "crisis": "octagon-alert",
    "paused": "circle-pause",
    "demo": "flag",
    "info": "info",
    "good": "circle-check",
    "warn": "triangle-alert",
    "bad": "circle-alert",
    "joy": "party-popper",
}


def hue_of(name: str) -> int:
    """Give one of twelve hues, always the same for the same name."""
    return sum((place + 1) * ord(letter) for place, letter in enumerate(name)) % 12 + 1


def initials_of(name: str) -> str:
    """Give the first letters of the first and last word of a name."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in ([words[0], words[-1]] if len(words) > 1 else words)).upper()


# leaf parts


@register.simple_tag
def icon(name: str, size: int | None = None, label: str = "") -> SafeString:
    """Draw an icon from the sprite; without a label it is hidden from screen readers."""
    if not label:
        return _hidden_icon(static("icons.svg"), name, size)
    return format_html(
        '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
        _kind(size),
        label,
        static("icons.svg"),
        name,
    )


@lru_cache(maxsize=1000, typed=True)
def _hidden_icon(sprite: str, name: str, size: int | None) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', _kind(size), sprite, name
    )


def _kind(size: int | None) -> str:
    return format_html("icon icon-{}", size) if size else "icon"


@register.simple_tag
def network_icon(network: str, size: int | None = None, label: str = "") -> SafeString:
    """Draw the sign of a network, or a plain stand-in for one that has none."""
    name = f"network-{network}" if network in NETWORK_ICONS else NETWORK_STAND_INS.get(network, "share-2")
    return icon(name, size, label)


@register.simple_tag
def avatar(name: str, size: str = "") -> SafeString:
    """Draw initials on a color that stays with the name; the name itself always stands beside it."""
    return format_html(
        '<span class="avatar hue-{} {}" aria-hidden="true">{}</span>', hue_of(name), size, initials_of(name) or "?"
    )


@register.filter
def picture_url(stored: Any) -> str:
    """Give the address of a stored picture, or nothing without one."""
    return file_url(stored)


@register.filter
def hue(name: object) -> int:
    """Give the number of the `hue-…` class of a name."""
    return hue_of(str(name))


@register.filter
def art(title: object) -> int:
    """Give which of the eight drawings stands behind the words of a post without a picture; always the same."""
    return sum(place * ord(letter) for place, letter in enumerate(str(title), 3)) % 8 + 1


@register.simple_tag
def badge_certainty(certainty: str) -> SafeString:
    """Say how sure a figure is: measured, reported, self-reported or estimated."""
    label, meaning = CERTAINTIES[certainty]
    return format_html('<span class="certainty {}" title="{}">{}</span>', certainty, meaning, label)


@register.inclusion_tag("components/progress.html")
def progress(value: int, maximum: int, label: str) -> dict[str, Any]:
    """A bar with its label and "3 of 8"."""
    return {"value": value, "maximum": maximum, "label": label}


@register.simple_tag
def skeleton(lines: int = 3) -> SafeString:
    """Grey lines while something loads."""
    return format_html(
        '<div class="skeleton" aria-hidden="true">{}</div>', format_html_join("", "<span>{}</span>", (("",),) * lines)
    )


@register.simple_tag
def qr(address: str, label: str = "") -> SafeString:
    """Draw a QR code of an address as SVG, with the words under it."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=1, dark="#000", title=None
    )
    drawing = out.getvalue().decode().replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
    return format_html(
        '<figure class="qr">{}<figcaption>{}</figcaption></figure>', SafeString(drawing), label or address
    )


@register.inclusion_tag("components/copy_text.html")
def copy_text(text: str, label: str, name: str = "copy-text", multiline: bool = False) -> dict[str, Any]:
    """A selectable text with a button that copies it; `name` is its id and must be unique on the page."""
    return {"text": text, "label": label, "name": name, "multiline": multiline}


@register.inclusion_tag("components/breadcrumb.html")
def breadcrumb(*parts: Any) -> dict[str, Any]:
    """Label and address in turn; the last label has no address."""
    return {"steps": list(zip(parts[::2], parts[1::2], strict=False)), "here": parts[-1] if len(parts) % 2 else ""}


@register.inclusion_tag("components/stepper.html")
def stepper(current: int, *labels: str) -> dict[str, Any]:
    """Where you are in several steps; `current` counts from one."""
    return {"current": current, "steps": labels, "label": labels[current - 1] if 0 < current <= len(labels) else ""}


@register.inclusion_tag("components/tabs.html", takes_context=True)
def tabs(context: Context, *parts: Any) -> dict[str, Any]:
    """Label and address in turn; the tab of the page's own address is the current one."""
    return {"tabs": navigation.tabs(context.get("request"), list(zip(parts[::2], parts[1::2], strict=True)))}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], name: str = "page") -> dict[str, Any]:
    """Previous, next and the pages between; keeps the rest of the query."""
    request = context.get("request")
    query = request.GET.copy() if request else None

    def address(number: int) -> str:
        if query is None:
            return f"?{name}={number}"
        query[name] = str(number)
        return f"?{query.urlencode()}"

    shown = [
        {
            "number": number,
            "url": address(number) if isinstance(number, int) else "",
            "current": number == page.number,
            "near": isinstance(number, int) and abs(number - page.number) <= 1,
        }
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    ]
    return {
        "page": page,
        "pages": shown,
        "previous_url": address(page.previous_page_number()) if page.has_previous() else "",
        "next_url": address(page.next_page_number()) if page.has_next() else "",
    }


@register.inclusion_tag("components/calendar.html")
def month_calendar(
    year: int, month: int, marks: Mapping[dt.date, Iterable[tuple[str, str]]] | None = None
) -> dict[str, Any]:
    """A month from Monday (or as the language has it); `marks` gives (label, address) pairs per day."""
    first = formats.get_format("FIRST_DAY_OF_WEEK")
    start = (int(first) - 1) % 7 if isinstance(first, int) else 0
    today = timezone.localdate()
    weeks = [
        [
            {
                "date": day,
                "weekday": WEEKDAYS_ABBR[day.weekday()],
                "out": day.month != month,
                "today": day == today,
                "marks": list((marks or {}).get(day, ())),
            }
            for day in week
        ]
        for week in months.Calendar(start).monthdatescalendar(year, month)
    ]
    heads = [(WEEKDAYS_ABBR[(start + place) % 7], WEEKDAYS[(start + place) % 7]) for place in range(7)]
    return {"first": dt.date(year, month, 1), "weeks": weeks, "heads": heads}


@register.inclusion_tag("components/chart.html")
def chart(chart: Chart, level: int = 2, table: bool = True) -> dict[str, Any]:
    """A chart with title, unit, legend in words, drawing and its table; `table=False` where the page has it already."""
    return {"chart": chart, "tag": f"h{level}", "table": table}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: BaseForm, **more: str) -> dict[str, Any]:
    """What to mend, on top of a form; nothing while it is right. `more` is wrong beside the fields: an element's id, the words."""
    found = [
        {"label": form[name].label if name in form.fields else "", "id": form[name].id_for_label, "errors": errors}
        for name, errors in form.errors.items()
        if name != "__all__" and name in form.fields
    ]
    general = form.non_field_errors()
    beside = [(place, words) for place, words in more.items() if words]
    total = len(found) + len(general) + len(beside)
    return {"found": found, "general": general, "beside": beside, "total": total if form.is_bound or beside else 0}


@register.inclusion_tag("components/theme_switch.html", takes_context=True)
def theme_switch(context: Context) -> dict[str, Any]:
    """Light, dark or as the device; kept in a cookie that the server reads."""
    return {"theme": theme_of(context)}


@register.inclusion_tag("components/toasts.html", takes_context=True)
def toasts(context: Context, region: bool = False) -> dict[str, Any]:
    """Waiting messages as toasts; in a fragment they swap themselves into the page's region."""
    return {"messages": context.get("messages"), "region": region}


@register.filter
def as_toast(message: Message) -> dict[str, Any]:
    """Give what a toast shows of a message; its undo travels in the tags (see `vocero.web.toasts`)."""
    word, _colon, rest = (message.extra_tags or "").partition(":")
    seconds, _colon, url = rest.partition(":")
    undo = {"undo_url": url, "seconds": seconds} if word == "undo" else {}
    return {"text": message.message, "kind": message.level_tag, **undo}


@register.filter
def field_kind(field: BoundField) -> str:
    """Say how a field is laid out: hidden, check, file, choices or plain."""
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, FileInput):
        return "file"
    return "choices" if isinstance(widget, RadioSelect | CheckboxSelectMultiple) else "plain"


@register.filter
def choice_class(field: BoundField) -> str:
    """Give how choices are drawn: a list, or `chips` or `cards` from the widget's class."""
    return str(field.field.widget.attrs.get("class", ""))


# the shells


@register.inclusion_tag("components/language_switch.html", takes_context=True)
def language_switch(context: Context) -> dict[str, Any]:
    """The languages of the pages, each in its own words; the choice is kept."""
    request = context.get("request")
    return {
        "languages": settings.LANGUAGES,
        "current": get_language(),
        "next": request.get_full_path() if request else "/",
        "url": navigation.address_of("public:language"),
        "csrf_token": context.get("csrf_token"),
    }


def theme_of(context: Context) -> str:
    """Give the theme that this person forced (light or dark), or nothing."""
    request = context.get("request")
    theme = request.COOKIES.get("theme", "") if request else ""
    return theme if theme in {"light", "dark"} else ""


@register.simple_tag(takes_context=True)
def theme_attribute(context: Context) -> SafeString:
    """Put `data-theme` on the page when a theme is forced, before anything is drawn."""
    theme = theme_of(context)
    return format_html('data-theme="{}"', theme) if theme else SafeString("")


@register.simple_tag
def stylesheet_url() -> str:
    """The address of the one stylesheet; it changes with its content."""
    return stylesheet.address()


@register.simple_tag
def brand_url(house: Any = None) -> str:
    """The address of the company's colors, or nothing while it has none of its own."""
    return stylesheet.brand_address(getattr(house, "brand_color", "") or "")


@register.simple_tag(takes_context=True)
def places(context: Context, audience: str) -> list[navigation.Place]:
    """The places of a shell that exist, with the current one marked."""
    return navigation.places(audience, context.get("request"))


@register.simple_tag
def url_if_any(name: str, *args: Any) -> str:
    """The address of a URL name, or nothing while it does not exist."""
    return navigation.address_of(name, *args)


# parts that wrap others


def _wrap(name: str, content: str, /, **data: Any) -> SafeString:
    return render_to_string(f"components/{name}.html", {"content": content, **data})


@register.simple_block_tag(end_name="endpanel")
def panel(
    content: str, *, title: str = "", lead: str = "", link_url: str = "", link_text: str = "", kind: str = ""
) -> str:
    """A white sheet with an optional title and one link at its head; `kind`: quiet, flush."""
    return _wrap("panel", content, title=title, lead=lead, link_url=link_url, link_text=link_text, kind=kind)


@register.simple_block_tag(end_name="endbanner")
def banner(content: str, kind: str, title: str = "") -> str:
    """Something that everybody here must know: crisis, paused, demo, info, good, warn, bad, joy."""
    return _wrap("banner", content, kind=kind, title=title, icon_name=BANNER_ICONS[kind])


@register.simple_block_tag(end_name="endempty")
def empty(content: str, icon: str, title: str) -> str:
    """Nothing here yet: says why and what to do."""
    return _wrap("empty", content, icon_name=icon, title=title)


@register.simple_block_tag(end_name="enddialog")
def dialog(content: str, id: str, title: str, size: str = "") -> str:  # noqa: A002
    """A native dialog; a button with `commandfor` and `command="show-modal"` opens it."""
    return _wrap("dialog", content, id=id, title=title, kind=size)


@register.simple_block_tag(end_name="enddrawer")
def drawer(content: str, id: str, title: str) -> str:  # noqa: A002
    """A dialog that comes from the side, on a phone from below."""
    return _wrap("dialog", content, id=id, title=title, kind="drawer")


@register.simple_block_tag(end_name="endmore")
def more(content: str, label: str) -> str:
    """A quiet line that opens: how a figure is made, what happens with data."""
    return format_html('<details class="more"><summary>{}</summary><div>{}</div></details>', label, content)


@register.simple_block_tag(end_name="endfield")
def field(content: str, *, label: str, name: str, help: str = "", error: str = "", optional: bool = False) -> str:  # noqa: A002
    """A label, help and error around a control made by hand; `name` is the control's id."""
    return _wrap("field_by_hand", content, label=label, name=name, help=help, error=error, optional=optional)


@register.simple_block_tag(end_name="endfilter_bar")
def filter_bar(
    content: str, action: str = "", search_name: str = "q", search_value: str = "", placeholder: str = ""
) -> str:
    """A search box and filters that send themselves when they change."""
    return _wrap(
        "filter_bar",
        content,
        action=action,
        search_name=search_name,
        search_value=search_value,
        placeholder=placeholder,
    )


@register.simple_block_tag(end_name="endpostcard")
def postcard(content: str, **data: Any) -> str:
    """One post worth passing on; what stands inside is its row of buttons."""
    return _wrap("postcard", content, **data)


@register.simple_block_tag(end_name="enddatatable")
def datatable(content: str, table: Table, caption: str, bulk: bool = False, compact: bool = False) -> str:
    """A table whose head sorts; what stands inside are its rows."""
    content = SafeString(BLANK_CELL.sub(r"<td\1></td>", content))  # on a phone an empty cell is left out
    return _wrap("datatable", content, table=table, caption=caption, bulk=bulk, compact=compact)


@register.simple_block_tag(end_name="endbulk_bar")
def bulk_bar(content: str) -> str:
    """What can be done with the chosen rows; appears when one is chosen."""
    return format_html(
        '<div class="bulk-bar" data-bulk-bar><output data-chosen="{}"></output>{}</div>', _("Chosen: {n}"), content
    )
