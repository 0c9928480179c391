"""The log says what went wrong without saying whose it was."""

import logging
from io import StringIO

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import ResolverMatch
from django.utils.log import log_response

from vocero.config.logs import Discreet, WithoutPaths


@pytest.fixture
def log() -> StringIO:
    """What the console would have shown, with the formatter and the filter of the settings."""
    return StringIO()


@pytest.fixture
def handler(log: StringIO) -> logging.Handler:
    made = logging.StreamHandler(log)
    made.setFormatter(Discreet("%(levelname)s %(name)s %(message)s"))
    made.addFilter(WithoutPaths())
    return made


def test_the_settings_use_both() -> None:
    assert settings.LOGGING["formatters"]["line"]["()"] == "vocero.config.logs.Discreet"
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["without_paths"]


def test_an_exception_is_named_by_its_class_and_place_only(log: StringIO, handler: logging.Handler) -> None:
    logger = logging.getLogger("shop")
    logger.addHandler(handler)
    try:
        try:
            raise KeyError("ana@aurora.example")
        except KeyError as error:
            raise ValueError("Key (email)=(ana@aurora.example) already exists") from error
    except ValueError:
        logger.exception("an import failed")
    said = log.getvalue()
    assert "aurora" not in said.replace('raise KeyError("ana@aurora.example")', "").replace(
        'raise ValueError("Key (email)=(ana@aurora.example) already exists") from error', ""
    )
    assert said.startswith("ERROR shop an import failed\n")
    assert said.index("builtins.KeyError") < said.index("builtins.ValueError")
    assert "test_logs.py" in said


def test_a_request_is_named_by_the_pattern_of_its_page(log: StringIO, handler: logging.Handler) -> None:
    logger = logging.getLogger("test.request")
    logger.addHandler(handler)
    request = RequestFactory().get("/invitation/s3cret/?code=123456")
    request.resolver_match = ResolverMatch(lambda: None, (), {}, route="invitation/<token>/")
    from django.http import HttpResponse

    log_response("%s: %s", "Gone", request.path, response=HttpResponse(status=410), request=request, logger=logger)
    assert log.getvalue() == "WARNING test.request Gone: invitation/<token>/\n"


@pytest.mark.django_db
def test_an_address_that_leads_nowhere_is_not_logged(log: StringIO, handler: logging.Handler) -> None:
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        assert Client().get("/there-is-no-such-page/ana@aurora.example").status_code == 404
    finally:
        logger.removeHandler(handler)
    assert log.getvalue() == "WARNING django.request Not Found: an address that leads nowhere\n"
