"""P3: every trouble upstream at once, on every network that publishes by API: each share ends where it belongs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cast import MOMENT, People, enrol, make_member
from tests.lib.test_http import self_signed
from tests.networks.single_use import token
from tests.networks.test_faults import FAULTS, POST_PATHS, Fault, answers, only_for
from tests.servers.loopback import Line, LoopbackServer, Received, Reply
from tests.sharing.library import make_post
from vocero.lib.clock import MovingClock
from vocero.networks import vault
from vocero.networks.base import NetworkError, Reconnect, Refused, TryLater, Unclear
from vocero.networks.models import Account
from vocero.sharing import services
from vocero.sharing.models import Share
from vocero.sharing.outbox import Pace
from vocero.sharing.publishing import Publisher

AT = MOMENT + timedelta(days=2)
DUE = AT + timedelta(seconds=11)
ATTEMPT = timedelta(seconds=0.7)
"""Instead of thirty seconds: what does not answer is waited for no longer."""
ENDS: dict[type[NetworkError], tuple[str, str]] = {
    Refused: ("failed", "connected"),
    Reconnect: ("planned", "reconnect"),
    TryLater: ("planned", "connected"),
    Unclear: ("sending", "connected"),
}
"""What each of the four errors means for the share and its account."""
UNAUTHORIZED = Fault("401", answers(401, {"error": "InvalidToken"}), Reconnect, Reconnect)


@dataclass(frozen=True)
class Case:
    """A share on a server with a fault; on the one without it is simply out."""

    fault: Fault | None
    share: Share
    server: LoopbackServer


def fine(request: Received, line: Line) -> Reply:
    return Reply(200, {"id": "1", "url": "https://posts.example/1", "uri": "at://1", "cid": "1"})


@pytest.fixture(params=sorted(POST_PATHS))
def cases(
    request: pytest.FixtureRequest, people: People, allow_place: Callable[[str], None], tmp_path: Path
) -> Iterator[list[Case]]:
    """A server for each fault, one with a certificate of its own and a healthy one; a share of somebody else on each."""
    network, post = str(request.param), make_post(people.house)
    with ExitStack() as stack:
        found = []
        for number, fault in enumerate([*FAULTS, UNAUTHORIZED, Fault("TLS", fine, TryLater, TryLater), None]):
            behavior = only_for(POST_PATHS[network], fault.behavior) if fault else fine
            tls = self_signed(tmp_path) if fault and fault.name == "TLS" else None
            server = stack.enter_context(LoopbackServer(behavior, tls=tls))
            allow_place(server.place)
            member = make_member(f"Ana{number} López", team=people.house.sales)
            enrol(member, people.house)
            account = Account(
                member=member,
                network=network,
                instance=server.url,
                remote_id="did:plc:1",
                handle="@me",
                connected_at=AT,
            )
            tokens = {"access": token("did:plc:1", 0), "refresh": token("did:plc:1", 0)}
            account.credentials = vault.seal_account(account, tokens)
            account.save()
            share = services.share_post(
                member, post, network=network, account=account, text="Worth a look.", at=AT, disclosed=False
            )
            found.append(Case(fault, share, server))
        yield found


def test_every_trouble_ends_in_its_own_state_and_the_healthy_server_gets_its_post(cases: list[Case]) -> None:
    assert len(FAULTS) >= 15
    assert Publisher(now=MovingClock(DUE), pace=Pace(attempt=ATTEMPT)).run() == len(cases)
    wrong = []
    for case in cases:
        case.share.refresh_from_db()
        assert case.share.account is not None
        ended = (case.share.state, case.share.account.state)
        if ended != (ENDS[case.fault.posting] if case.fault else ("sent", "connected")):
            wrong.append((case.fault and case.fault.name, ended))
    assert wrong == []


def test_too_many_requests_is_tried_again_when_the_server_said_and_nothing_else_is_repeated(cases: list[Case]) -> None:
    clock = MovingClock(DUE)
    Publisher(now=clock, pace=Pace(attempt=ATTEMPT)).run()
    (limited,) = [case for case in cases if case.fault and case.fault.name == "429"]
    limited.share.refresh_from_db()
    assert limited.share.lease_until == DUE + timedelta(seconds=77)
    for case in cases:
        case.share.refresh_from_db()
        if case.share.state == "sending" or (case.fault and case.fault.posting is TryLater):
            assert case.share.lease_until is not None
            assert case.share.lease_until >= DUE + timedelta(seconds=10), "back-off"
    before = {id(case): len(case.server.received) for case in cases}
    clock.advance(timedelta(seconds=9))
    assert Publisher(now=clock, pace=Pace(attempt=ATTEMPT)).run() == 0
    assert {id(case): len(case.server.received) for case in cases} == before
