"""The guideline: versions, starter texts, acceptance, and the stop switch."""

from datetime import timedelta

import pytest

from tests.cast import MOMENT, People
from vocero.company.models import AuditEntry
from vocero.policy import queries, services, starter
from vocero.policy.models import Acknowledgement

TOPICS = {
    "en": ("professional", "Credit", "confidential", "respect", "I work at"),
    "es": ("profesional", "nombra la fuente", "confidencial", "Respeta", "Trabajo en"),
    "it": ("professional", "indica la fonte", "riservate", "Rispetta", "Lavoro in"),
    "pl": ("profesjonal", "podaj źródło", "poufne", "Szanuj", "Pracuję w"),
}


@pytest.mark.parametrize("language", starter.LANGUAGES)
def test_the_starter_guideline_covers_what_it_must_in_every_language(language: str) -> None:
    text = starter.guideline()[language]
    assert all(topic.casefold() in text.casefold() for topic in TOPICS[language])
    assert text.count("- **") == starter.guideline()["en"].count("- **") >= 10
    assert text.count("\n## ") == 8


def test_a_new_version_is_asked_for_again_and_the_same_words_are_not(people: People) -> None:
    first = services.install_starters(at=MOMENT, by=people.marta)
    assert queries.guideline_to_accept(people.ana) == first
    services.acknowledge(people.ana, first, language="es", at=MOMENT)
    services.acknowledge(people.ana, first, language="es", at=MOMENT)
    assert queries.guideline_to_accept(people.ana) is None
    assert Acknowledgement.objects.count() == 1

    assert services.publish_guideline(first.text, at=MOMENT) == first
    second = services.publish_guideline(first.text | {"en": "Be kind."}, at=MOMENT + timedelta(days=1), by=people.marta)
    assert (first.version, second.version) == (1, 2)
    assert queries.guideline_to_accept(people.ana) == second
    with pytest.raises(services.NotAllowed):
        services.acknowledge(people.ana, first, language="es", at=MOMENT)


def test_it_is_read_in_ones_own_language_with_the_companys_name(people: People) -> None:
    guideline = services.install_starters(at=MOMENT)
    language, text = queries.guideline_text(guideline, languages=("pl", "en"), company="Aurora Mills")
    assert language == "pl"
    assert "Aurora Mills" in text
    assert "{company}" not in text
    assert services.install_starters(at=MOMENT) == guideline


def test_an_empty_guideline_is_refused(people: People) -> None:
    with pytest.raises(services.NotAllowed):
        services.publish_guideline({"en": "  "}, at=MOMENT)


def test_the_audit_log_tells_what_the_team_changed_and_not_who_accepted(people: People) -> None:
    guideline = services.install_starters(at=MOMENT, by=people.marta)
    services.acknowledge(people.ana, guideline, language="es", at=MOMENT)
    entries = list(AuditEntry.objects.values_list("action", "actor"))
    assert ("policy.guideline_published", people.marta.public_id) in entries
    assert all(actor != people.ana.public_id for _, actor in entries)


def test_a_stop_holds_until_it_is_released(people: People) -> None:
    assert queries.stop_in_force() is None
    stop = services.engage_stop(by=people.marta, reason="A post went wrong", at=MOMENT)
    assert services.engage_stop(by=people.olga, reason="again", at=MOMENT) == stop
    assert queries.stop_in_force() == stop
    services.release_stop(by=people.olga, at=MOMENT + timedelta(hours=1))
    assert queries.stop_in_force() is None
