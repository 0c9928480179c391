"""Texts are collected from code and templates, and a translation that is missing or wrong is named."""

import gettext
from io import BytesIO
from pathlib import Path

import pytest

from vocero.config import messages
from vocero.config.catalogs import Message, compile_mo, read_po, write_po

CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext
greeting = _("Hello, %(name)s")
clicks = ngettext("%(count)s click", "%(count)s clicks", 2)
verb = pgettext("verb", "Share")
"""
TEMPLATE = """{% load i18n %}
      {% if shared %}
    <p>{% translate "Share" %}
  </p>
      {% endif %}
{% blocktranslate trimmed count counter=n %}
  One <b>click</b>
{% plural %}
  {{ counter }} <b>clicks</b>, 100% counted
{% endblocktranslate %}"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "shop" / "templates").mkdir(parents=True)
    (tmp_path / "shop" / "code.py").write_text(CODE)
    (tmp_path / "shop" / "templates" / "page.html").write_text(TEMPLATE)
    return tmp_path / "shop"


def translate(package: Path, language: str, **texts: tuple[str, ...]) -> None:
    path = messages.catalog(language, locale=package / "locale")
    told = {"Hello, %(name)s": "hello", "%(count)s click": "clicks", "Share": "share", "One <b>click</b>": "one"}
    path.write_text(
        write_po(
            language,
            [
                Message(m.id, m.plural, m.context, texts.get(told[m.id], m.strings), places=m.places)
                for m in read_po(path.read_text())
            ],
        )
    )


def polish(package: Path, **changed: tuple[str, ...]) -> None:
    right: dict[str, tuple[str, ...]] = {
        "hello": ("Cześć, %(name)s",),
        "clicks": ("%(count)s kliknięcie", "%(count)s kliknięcia", "%(count)s kliknięć"),
        "share": ("Udostępnij",),
        "one": (
            "Jedno <b>kliknięcie</b>",
            "%(counter)s <b>kliknięcia</b>, 100%% policzone",
            "%(counter)s <b>kliknięć</b>, 100%% policzone",
        ),
    }
    translate(package, "pl", **(right | changed))


def said(package: Path, language: str = "pl") -> list[str]:
    return [line for line in messages.problems(package) if line.startswith(language)]


def test_texts_are_found_in_code_and_templates(package: Path) -> None:
    found = messages.collect(package)
    assert {(m.context, m.id, m.plural) for m in found} == {
        ("", "Hello, %(name)s", ""),
        ("", "%(count)s click", "%(count)s clicks"),
        ("verb", "Share", ""),
        ("", "Share", ""),
        ("", "One <b>click</b>", "%(counter)s <b>clicks</b>, 100%% counted"),
    }
    assert found[0].places == ("shop/code.py",)


def test_a_text_without_translation_is_named(package: Path) -> None:
    assert messages.update(package) == {"es": 5, "it": 5, "pl": 5}
    assert len(said(package)) == 5
    polish(package)
    assert said(package) == []
    polish(package, share=("",))
    assert said(package)[0] == "pl: not translated: 'Share' (shop/code.py)"
    assert len(said(package, "es")) == 5


def test_a_missing_plural_form_is_named(package: Path) -> None:
    messages.update(package)
    polish(package, clicks=("%(count)s kliknięcie", "%(count)s kliknięcia", ""))
    assert said(package) == ["pl: not finished: '%(count)s click' (shop/code.py)"]


@pytest.mark.parametrize("wrong", ["Cześć, %(nome)s", "Cześć", "Cześć, %(name)s <b>"])
def test_a_lost_placeholder_or_tag_is_named(package: Path, wrong: str) -> None:
    messages.update(package)
    polish(package, hello=(wrong,))
    assert said(package) == ["pl: placeholders or tags differ: 'Hello, %(name)s' (shop/code.py)"]


def test_collecting_again_keeps_translations_and_drops_what_is_gone(package: Path) -> None:
    messages.update(package)
    polish(package)
    (package / "code.py").write_text(CODE.replace("Hello", "Welcome"))
    assert said(package) == [
        "pl: not translated: 'Welcome, %(name)s' (shop/code.py)",
        "pl: no longer in the code (./run messages drops it): 'Hello, %(name)s'",
    ]
    assert messages.update(package)["pl"] == 1
    assert "Hello" not in messages.catalog("pl", locale=package / "locale").read_text()
    before = messages.catalog("pl", locale=package / "locale").read_text()
    messages.update(package)
    assert messages.catalog("pl", locale=package / "locale").read_text() == before


def test_what_is_missing_can_be_given_to_a_translator_and_taken_back(package: Path) -> None:
    messages.update(package)
    locale = package / "locale"
    asked = messages.missing("pl", locale=locale)
    assert [len(entry["strings"]) for entry in asked] == [1, 3, 1, 1, 3]
    asked[0]["strings"] = ["Cześć, %(name)s"]
    asked[1]["strings"] = ["%(count)s kliknięcie", "%(count)s kliknięcia", "kliknięć"]
    asked.append({"id": "Unknown", "strings": ["Nieznane"]})
    refused = messages.fill("pl", asked, locale=locale)
    assert len(refused) == 2
    assert refused[0].startswith("pl: placeholders or tags differ: '%(count)s click'")
    assert refused[1] == "pl: not a text of the catalog: 'Unknown'"
    assert len(messages.missing("pl", locale=locale)) == 4


def test_the_compiled_catalog_is_what_gettext_reads(package: Path) -> None:
    messages.update(package)
    polish(package)
    assert [path.name for path in messages.compile_all(package / "locale")] == ["django.mo"] * 3
    place = messages.catalog("pl", locale=package / "locale").with_suffix(".mo")
    read = gettext.GNUTranslations(BytesIO(place.read_bytes()))
    forms = [read.ngettext("%(count)s click", "%(count)s clicks", n) % {"count": n} for n in (1, 2, 5, 22, 112)]
    assert forms == ["1 kliknięcie", "2 kliknięcia", "5 kliknięć", "22 kliknięcia", "112 kliknięć"]
    assert read.pgettext("verb", "Share") == "Udostępnij"
    assert read.gettext("unknown") == "unknown"


def test_a_catalog_is_read_as_it_was_written() -> None:
    texts = [
        Message('Two\nlines and a "quote" \\ and\ttab', strings=("Dos\nlíneas\n",), places=("a.py", "b.html")),
        Message("One", plural="Many", context="apples", strings=("Una", "Muchas"), is_fuzzy=True),
    ]
    assert read_po(write_po("es", texts)) == texts
    assert b"Muchas" not in compile_mo("es", texts)


def test_a_line_that_does_not_belong_into_a_catalog_is_named() -> None:
    with pytest.raises(ValueError, match="line 3 is no line of a catalog"):
        read_po('msgid "a"\nmsgstr "b"\nnonsense\n')
