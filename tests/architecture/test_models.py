"""Foreign keys point down, and tables of other packages point to members only."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from tests.architecture.source import STACK
from vocero.people.models import Member

type Relation = tuple[type[models.Model], str, type[models.Model]]


def package(model: type[models.Model]) -> str:
    """The package of the product that a model belongs to, or nothing."""
    parts = model.__module__.split(".")
    return parts[1] if parts[0] == "vocero" else ""


def relations() -> Iterator[Relation]:
    """Every foreign key, one-to-one and many-to-many there is, also of tables that Django makes by itself."""
    for model in apps.get_models(include_auto_created=True):
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            if field.is_relation and isinstance(field.related_model, type):
                yield model, field.name, field.related_model


def test_foreign_keys_point_down() -> None:
    wrong = []
    for model, name, target in relations():
        own, other = package(model), package(target)
        if own and other and STACK.index(other) > STACK.index(own):
            wrong.append(f"{model.__name__}.{name} of {own} points up to {target.__name__} of {other}")
    assert not wrong


def test_tables_of_others_point_to_members_only() -> None:
    wrong = [
        f"{model.__module__}.{model.__name__}.{name} -> {target.__name__}"
        for model, name, target in relations()
        if not package(model) and package(target) and target is not Member and not model._meta.auto_created
    ]
    assert not wrong


def test_our_tables_point_to_no_table_of_others() -> None:
    wrong = [
        f"{model.__name__}.{name} -> {target}"
        for model, name, target in relations()
        if package(model) and not package(target)
    ]
    assert not wrong


def test_the_walk_sees_relations() -> None:
    seen = {(package(model), package(target)) for model, _, target in relations()}
    assert ("people", "company") in seen
    assert ("sharing", "content") in seen


def test_facts_are_never_deleted_with_something_else() -> None:
    parts = {"Draft", "Attempt", "OwnVisit"}
    wrong = []
    for model, name, target in relations():
        cascades = getattr(model._meta.get_field(name).remote_field, "on_delete", None) is models.CASCADE
        counts = package(model) in {"sharing", "tracking", "measurement", "recognition"} and model.__name__ not in parts
        if cascades and counts and not model._meta.auto_created:
            wrong.append(f"{model.__name__}.{name} -> {target.__name__}")
    assert not wrong
