"""The few pages that a link answers itself: the card that networks read, and kind words when it leads nowhere."""

import base64
import gettext
import hashlib
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote

from vocero.tracking.links.database import Card

LANGUAGES: Final = ("en", "es", "it", "pl")
_LOCALE: Final = Path(__file__).parents[2] / "locale"
_STYLE: Final = (
    ":root{color-scheme:light dark;font:1.0625rem/1.6 Inter,ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,"
    "'Helvetica Neue',Arial,sans-serif}*{box-sizing:border-box}"
    "body{margin:0;min-block-size:100dvh;display:grid;place-items:center;padding:1.25rem;"
    "background:light-dark(#faf8f4,#1b1a18);color:light-dark(#1c2233,#f1ede7)}"
    "main{inline-size:100%;max-inline-size:28rem;padding:clamp(1.5rem,6vw,2.5rem);border-radius:1rem;"
    "border:1px solid light-dark(#e6e1da,#3a3733);background:light-dark(#fff,#242220);"
    "box-shadow:light-dark(0 1px 2px rgb(60 40 20/.05),0 1px 2px rgb(0 0 0/.2));overflow-wrap:anywhere}"
    "h1{font-size:clamp(1.5rem,5vw,1.75rem);line-height:1.2;letter-spacing:-.02em;margin:0 0 .5rem;text-wrap:balance}"
    "p{margin:0;color:light-dark(#565a68,#c0b9b0)}p+p{margin-block-start:1.25rem}a{color:inherit}"
    "p.sign{margin-block-start:1.5rem;padding-block-start:1rem;border-block-start:1px solid light-dark(#e6e1da,#3a3733);"
    "font-size:.875rem;font-weight:600}"
    "a.go{display:inline-block;padding:.7rem 1.1rem;border-radius:.625rem;text-decoration:none;font-weight:600;"
    "background:light-dark(#1c2233,#f1ede7);color:light-dark(#fff,#1b1a18)}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = (
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-robots-tag", "noindex"),
    ("referrer-policy", "no-referrer"),
)


def language_of(accepted: str, otherwise: str) -> str:
    """Give the first language of an `Accept-Language` header that we speak, else the company's, else English."""
    for entry in accepted.split(","):
        code = entry.partition(";")[0].strip().lower().partition("-")[0]
        if code in LANGUAGES:
            return code
    return otherwise if otherwise in LANGUAGES else "en"


@lru_cache(maxsize=256)
def notice_page(state: str, language: str, company: str, target: str = "") -> str:
    """Give the page of a link that leads nowhere (any more); `target` is offered where a link was rerouted."""
    _ = _translation(language).gettext
    texts = {
        "unknown": (
            _("This link leads nowhere"),
            _("Perhaps a letter got lost. Check that you have the whole address."),
        ),
        "withdrawn": (_("This has been taken down"), _("What was shared under this link is not there any more.")),
        "expired": (
            _("This has ended"),
            _("What was shared under this link was for a limited time, and that time is over."),
        ),
        "rerouted": (
            _("This has been corrected"),
            _("What was shared under this link has been replaced by another page."),
        ),
        "away": (_("One moment, please"), _("We cannot look this link up right now. Please try again in a minute.")),
        "busy": (
            _("That was a lot at once"),
            _("Too many links that do not exist were asked for. Please wait a minute."),
        ),
    }
    title, text = texts[state]
    button = (
        f'<p><a class="go" href="{escape(target)}" rel="noreferrer">{escape(_("Go to the page"))}</a></p>'
        if target
        else ""
    )
    sign = f'<p class="sign">{escape(company)}</p>' if company else ""
    return _page(language, title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{button}{sign}")


def card_page(card: Card, *, target: str, files_url: str, language: str) -> str:
    """Give the page that tells a network what stands behind a link: OpenGraph title, description and picture.

    It names no other address as its own, so that the card goes on leading to the tracked link.
    """
    title = card.title or card.site_name or target
    image = f"{files_url}{quote(card.image_key)}" if card.image_key else card.image_url
    properties = [
        ("og:type", "article"),
        ("og:title", title),
        ("og:description", card.description),
        ("og:site_name", card.site_name),
        ("og:image", image if image.startswith(("https://", "http://")) else ""),
        ("og:image:alt", card.image_alt if image else ""),
    ]
    meta = "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in properties if value)
    meta += f'<meta name="description" content="{escape(card.description)}">' if card.description else ""
    meta += f'<meta name="twitter:card" content="{"summary_large_image" if image else "summary"}">'
    body = f"<h1>{escape(title)}</h1><p>{escape(card.description)}</p>"
    body += (
        f'<p><a class="go" href="{escape(target)}">{escape(_translation(language).gettext("Go to the page"))}</a></p>'
    )
    return _page(language, title, body, meta)


def _page(language: str, title: str, body: str, meta: str = "") -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>{meta}'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )


@lru_cache(maxsize=len(LANGUAGES))
def _translation(language: str) -> gettext.NullTranslations:
    return gettext.translation("django", _LOCALE, [language], fallback=True)
