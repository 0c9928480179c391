"""Leaving and deactivation stop what is planned at once, destroy tokens, and leave links working."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests import cast
from tests.cast import MOMENT
from tests.measurement import facts
from tests.sharing.library import make_account, make_post
from vocero.networks.models import Account
from vocero.people.errors import NotAllowed
from vocero.people.models import Enrolment
from vocero.privacy import services as privacy
from vocero.sharing.models import Link, Share

pytestmark = pytest.mark.django_db
LATER = MOMENT + timedelta(days=2)


def planned(people: cast.People, state: str = Share.State.PLANNED, **more: Any) -> Share:
    post = make_post(people.house)
    account = make_account(people.ana) if not Account.objects.filter(member=people.ana).exists() else None
    return facts.share_on(
        people.ana, post, MOMENT.date(), state=state, channel=Share.Channel.API, network="mastodon",
        account=account or people.ana.accounts.get(), due_at=LATER, out_at=None, day_on=None, certainty="", **more,
    )  # fmt: skip


@pytest.mark.parametrize("how", ["leaves", "is deactivated"])
def test_everything_planned_stops_and_tokens_are_gone(people: cast.People, how: str) -> None:
    shares, other = [planned(people) for _ in range(3)], planned(people, state=Share.State.SENT)
    colleague = facts.share_on(people.giulia, make_post(people.house), MOMENT.date(), state=Share.State.PLANNED)
    if how == "leaves":
        privacy.leave(people.ana, people.program, language="es", at=LATER)
        assert Enrolment.objects.get(member=people.ana).state == "left"
    else:
        privacy.deactivate_member(people.ana, actor="", at=LATER)
        people.ana.refresh_from_db()
        assert not people.ana.is_active
    for share in shares:
        share.refresh_from_db()
        assert share.state == Share.State.CANCELLED
    other.refresh_from_db()
    colleague.refresh_from_db()
    assert (other.state, colleague.state) == (Share.State.SENT, Share.State.PLANNED)
    account = Account.objects.get(member=people.ana)
    assert (account.state, account.credentials) == (Account.State.DISCONNECTED, None)
    assert set(Link.objects.values_list("state", flat=True)) == {Link.State.LIVE}


def test_leaving_twice_is_refused_and_changes_nothing(people: cast.People) -> None:
    privacy.leave(people.ana, people.program, language="es", at=LATER)
    with pytest.raises(NotAllowed):
        privacy.leave(people.ana, people.program, language="es", at=LATER + timedelta(days=1))
    assert Enrolment.objects.get(member=people.ana).changed_at == LATER


def test_one_click_leaves_and_nobody_else_s_page_changes(people: cast.People, sign_in: cast.SignIn) -> None:
    ana: Client = sign_in(people.ana)
    assert ana.post("/me/leave").status_code == 302
    assert Enrolment.objects.get(member=people.ana).state == "left"
    assert ana.get("/today").headers["Location"] == "/join"
