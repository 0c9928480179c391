"""The OAuth code flow against a server as strict as the real ones: PKCE, redirect address and single use are checked."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cast import MOMENT, People
from tests.servers.loopback import Line, LoopbackServer, Received, Reply
from vocero.networks import services, vault
from vocero.networks.models import Account, InstanceApp
from vocero.networks.reasons import NetworkRefusal

BACK = "https://vocero.aurora.example/me/networks/back"


@dataclass
class StrictServer:
    """Gives a token for a code once, to the app that asked, at the same address, for the verifier of its challenge."""

    challenge: str = ""
    used: bool = False
    registered: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __call__(self, request: Received, line: Line) -> Reply:
        if request.path == "/api/v1/apps":
            self.registered.append(request.form())
            number = len(self.registered)
            return Reply(200, {"client_id": f"id-{number}", "client_secret": f"secret-{number}"})
        if request.path == "/oauth/token":
            return self.token(request.form())
        if request.path == "/api/v1/accounts/verify_credentials":
            good = request.headers.get("authorization") == "Bearer token-1"
            return Reply(200, {"id": "5", "username": "ana", "followers_count": 12}) if good else Reply(401, {})
        return Reply(404, {"error": "Record not found"})

    def token(self, form: dict[str, str]) -> Reply:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        wanted = {
            "grant": form.get("grant_type") == "authorization_code",
            "code": form.get("code") == "the-code" and not self.used,
            "redirect": form.get("redirect_uri") == BACK,
            "app": (form.get("client_id"), form.get("client_secret"))
            == (f"id-{len(self.registered)}", f"secret-{len(self.registered)}"),
            "verifier": base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge,
            "length": 43 <= len(form.get("code_verifier", "")) <= 128,
        }
        self.refused = [name for name, good in wanted.items() if not good]
        if self.refused:
            return Reply(400, {"error": "invalid_grant"})
        self.used = True
        return Reply(200, {"access_token": "token-1", "token_type": "Bearer", "scope": "read"})


@pytest.fixture
def strict() -> StrictServer:
    return StrictServer()


@pytest.fixture
def server(strict: StrictServer, allow_place: Callable[[str], None]) -> Iterator[LoopbackServer]:
    with LoopbackServer(strict) as running:
        allow_place(running.place)
        yield running


def begin(people: People, server: LoopbackServer, strict: StrictServer, minutes: int = 0) -> str:
    at = MOMENT + timedelta(minutes=minutes)
    url = services.begin_connect(people.ana, network="mastodon", server=server.url, redirect_uri=BACK, at=at)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["redirect_uri"] == BACK
    strict.challenge = asked["code_challenge"]
    return asked["state"]


def test_a_strict_server_is_satisfied(people: People, server: LoopbackServer, strict: StrictServer) -> None:
    state = begin(people, server, strict)
    account = services.connect_account(people.ana, state=state, code="the-code", at=MOMENT)
    assert strict.refused == []
    assert (account.remote_id, account.handle) == ("5", f"@ana@{server.place}")
    assert strict.registered == [
        {
            "client_name": "Vocero",
            "redirect_uris": BACK,
            "scopes": "read:accounts read:statuses write:statuses write:media",
            "website": "https://vocero.aurora.example",
        }
    ]


def test_a_code_works_once_and_only_with_its_own_state(
    people: People, server: LoopbackServer, strict: StrictServer
) -> None:
    earlier = begin(people, server, strict)
    state = begin(people, server, strict, minutes=1)
    with pytest.raises(NetworkRefusal):
        services.connect_account(people.ana, state=earlier, code="the-code", at=MOMENT + timedelta(minutes=2))
    assert strict.refused == ["verifier"]
    services.connect_account(people.ana, state=state, code="the-code", at=MOMENT + timedelta(minutes=2))
    with pytest.raises(NetworkRefusal):
        services.connect_account(people.ana, state=state, code="the-code", at=MOMENT + timedelta(minutes=2))
    assert strict.refused == ["code"]
    assert Account.objects.count() == 1


def test_another_address_of_ours_is_registered_anew(
    people: People, server: LoopbackServer, strict: StrictServer
) -> None:
    begin(people, server, strict)
    InstanceApp.objects.update(redirect_uri="https://former.aurora.example/back")
    state = begin(people, server, strict, minutes=1)
    services.connect_account(people.ana, state=state, code="the-code", at=MOMENT + timedelta(minutes=2))
    assert len(strict.registered) == 2
    assert InstanceApp.objects.get().client_id == "id-2"


def test_the_secret_of_our_app_is_not_readable_in_its_row(
    people: People, server: LoopbackServer, strict: StrictServer
) -> None:
    begin(people, server, strict)
    row = InstanceApp.objects.get()
    assert b"secret-1" not in bytes(row.credentials)
    assert vault.open_app(row).client_secret == "secret-1"
