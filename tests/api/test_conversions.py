"""Conversions over the API, as a shop's server and a shop's page send them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from ninja.openapi.schema import OpenAPISchema

from tests.cast import House, People
from tests.tracking.clicking import Visits, hand_off
from vocero.api import conversions as views
from vocero.api.limits import PerMinute
from vocero.company.api_keys import make_secret_key, make_site_key, revoke_key
from vocero.company.models import ApiKey, AuditEntry
from vocero.lib import clock
from vocero.sharing.models import Link
from vocero.tracking.click_token import click_key, write_token
from vocero.tracking.models import Conversion

ADDRESS = "/api/v1/conversions"
SITE = "https://www.aurora.example"


@pytest.fixture
def secret(house: House) -> str:
    return make_secret_key(house.program, name="Shop", origin="", at=clock.now(), actor="")[1]


@pytest.fixture
def site(house: House) -> ApiKey:
    return make_site_key(house.program, origin=SITE, at=clock.now(), actor="")


@pytest.fixture
def visits(tmp_path: Path) -> Visits:
    return Visits(tmp_path / "segments")


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("_PER_VISITOR", 30), ("_PER_SITE", 1200), ("_PER_KEY", 6000)):
        monkeypatch.setattr(views, name, PerMinute(most, clock=lambda: 0.0))


def post(client: Client, secret: str | None, **values: Any) -> Any:
    body = {"id": "order-1", "kind": "purchase", "value": "49.90", "currency": "EUR"} | values
    headers = {"authorization": f"Bearer {secret}"} if secret is not None else {}
    return client.post(ADDRESS, body, content_type="application/json", headers=headers)


def post_from_page(client: Client, key: str, origin: str = SITE, **values: Any) -> Any:
    body = json.dumps({"id": "order-1", "kind": "purchase", "value": "49.90", "currency": "EUR"} | values)
    return client.post(f"/api/v1/sites/{key}/conversions", body, content_type="text/plain", headers={"origin": origin})


def test_a_purchase_after_a_click_thanks_the_share_once_however_often_it_is_sent(
    client: Client, secret: str, people: People, house: House, visits: Visits
) -> None:
    link = Link.objects.get(share=hand_off(people.ana, house))
    (click,) = visits.click(link, 1, at=clock.now() - timedelta(minutes=1))
    visits.take_in(at=clock.now())
    word = write_token(click, click_key(settings.SECRET_KEY))
    answers = [post(client, secret, click=word) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() | {"occurred_at": ""} == {
        "id": "order-1", "kind": "purchase", "state": "credited", "reason": "", "verified": True, "duplicate": False,
        "occurred_at": "",
    }  # fmt: skip
    assert answers[1].json()["duplicate"] is True
    assert Conversion.objects.get().share_id == link.share_id
    read = client.get(f"{ADDRESS}/order-1", headers={"authorization": f"Bearer {secret}"})
    assert (read.status_code, read.json()["state"]) == (200, "credited")


def test_no_answer_names_a_person_or_a_share(
    client: Client, secret: str, people: People, house: House, visits: Visits
) -> None:
    share = hand_off(people.ana, house)
    (click,) = visits.click(Link.objects.get(share=share), 1, at=clock.now())
    visits.take_in(at=clock.now())
    answer = post(client, secret, click=write_token(click, click_key(settings.SECRET_KEY)))
    assert set(answer.json()) == {"id", "kind", "state", "reason", "verified", "occurred_at", "duplicate"}
    assert share.public_id not in answer.content.decode()


@pytest.mark.parametrize("token", [None, "", "vsk_wrong", "x" * 5000, "vsk_\0"])
def test_without_a_living_key_nobody_comes_in(client: Client, house: House, token: str | None) -> None:
    assert post(client, token).status_code == 401
    assert Conversion.objects.count() == 0


def test_a_revoked_expired_or_public_key_does_not_open_the_servers_door(
    client: Client, house: House, site: ApiKey
) -> None:
    for change in ("revoked", "expired", "scope"):
        key, secret = make_secret_key(house.program, name=change, origin="", at=clock.now(), actor="")
        if change == "revoked":
            revoke_key(key, at=clock.now(), actor="")
        ApiKey.objects.filter(pk=key.pk, name="expired").update(expires_at=clock.now())
        ApiKey.objects.filter(pk=key.pk, name="scope").update(scopes=[])
        assert post(client, secret).status_code == 401, change
    assert post(client, site.public_id).status_code == 401


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "a\0b"}, "id"),
        ({"id": "x" * 121}, "id"),
        ({"id": "\ud800"}, "id"),
        ({"kind": "theft"}, "kind"),
        ({"value": "-1"}, "value"),
        ({"value": "1e400"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": "1.234"}, "body"),
        ({"value": "99999999999999999"}, "value"),
        ({"currency": "XXQ"}, "body"),
        ({"currency": ""}, "body"),
        ({"value": None}, "body"),
        ({"occurred_at": "2026-11-16T09:00:00"}, "occurred_at"),
        ({"occurred_at": "2001-01-01T00:00:00Z"}, "occurred_at"),
        ({"click": "x" * 65}, "click"),
        ({"person": "Ana"}, "person"),
    ],
)
def test_a_wrong_field_is_named(client: Client, secret: str, values: dict[str, Any], field: str) -> None:
    answer = post(client, secret, **values)
    assert answer.status_code == 422
    assert field in [wrong["field"] for wrong in answer.json()["fields"]]
    assert Conversion.objects.count() == 0


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '{"id": {"a": 1}}', "[" * 5000])
def test_a_body_that_is_no_conversion_is_refused(client: Client, secret: str, body: str) -> None:
    answer = client.post(ADDRESS, body, content_type="application/json", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code in {400, 422}


def test_the_same_id_with_another_value_is_a_conflict(client: Client, secret: str) -> None:
    post(client, secret)
    answer = post(client, secret, value="50")
    assert (answer.status_code, "order-1" in answer.json()["detail"]) == (409, True)


def test_what_is_not_there_is_not_found(client: Client, secret: str) -> None:
    assert client.get(f"{ADDRESS}/none", headers={"authorization": f"Bearer {secret}"}).status_code == 404


def test_a_page_reports_only_from_its_own_site_and_counts_as_unverified(client: Client, site: ApiKey) -> None:
    for origin in ("https://evil.example", "http://www.aurora.example", "null", SITE + ":444"):
        assert post_from_page(client, site.public_id, origin).status_code == 403
    answer = post_from_page(client, site.public_id)
    assert (answer.status_code, answer.json()["verified"]) == (201, False)
    assert answer["Access-Control-Allow-Origin"] == SITE
    assert post_from_page(client, "nothing").status_code == 404
    assert Conversion.objects.get().verified is False


def test_a_flood_from_one_visitor_is_stopped(client: Client, site: ApiKey) -> None:
    answers = [post_from_page(client, site.public_id, id=str(number)).status_code for number in range(32)]
    assert answers == [201] * 30 + [429] * 2


def test_the_script_is_served_to_every_site_and_sets_no_cookie(client: Client, house: House) -> None:
    answer = client.get("/api/v1/sites/script.js")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert (answer["Cross-Origin-Resource-Policy"], len(answer.cookies)) == ("cross-origin", 0)
    assert b"document.cookie" not in answer.content


def test_keys_are_stored_as_hashes_and_their_making_is_in_the_log(house: House) -> None:
    key, secret = make_secret_key(house.program, name="Shop", origin="shop.example", at=clock.now(), actor="")
    assert (key.origin, key.secret_hash != secret, len(secret)) == ("https://shop.example", True, 47)
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["api_key.made"]
    assert secret not in str(list(ApiKey.objects.values())) + str(list(AuditEntry.objects.values()))


def test_the_description_is_openapi_3_1_and_names_every_error(client: Client, house: House) -> None:
    told: OpenAPISchema = client.get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    operation = told["paths"][ADDRESS]["post"]
    assert {"200", "201", "401", "404", "409", "422", "429"} <= set(map(str, operation["responses"]))
    assert operation["security"]
