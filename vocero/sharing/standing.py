"""Where somebody stands who wants to share a post: everything that is their own and is asked before, in one query."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import F, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat, JSONObject

from vocero.company.models import Installation
from vocero.company.revisions import Seen, program_of
from vocero.content.models import Post
from vocero.content.shelf import shelf_of
from vocero.lib.prepared import Prepared
from vocero.networks.models import Account, NetworkChoice
from vocero.people.models import Member
from vocero.policy.kept import GUIDELINE, RULES
from vocero.policy.rules import Rules
from vocero.sharing.earlier import LIVING, Earlier, as_text
from vocero.sharing.earlier import told as earlier_of
from vocero.sharing.feed import Reader, joined, reader_query, told
from vocero.sharing.models import Share

_BETWEEN: Final = "\x1e"


@dataclass(frozen=True, slots=True)
class Standing:
    """A member before a post: who they are as a reader, their accounts (the latest first), networks, earlier shares."""

    seen: Seen
    reader: Reader
    accounts: list[Account]
    chosen: list[str]
    earlier: tuple[Earlier, ...]

    @property
    def house(self) -> Installation:
        """The company; raises Installation.DoesNotExist before set-up."""
        if self.seen.installation is None:
            raise Installation.DoesNotExist
        return self.seen.installation

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        return RULES.at(self.seen.company)


def standing_of(member: Member, seen: Seen, *, post: int, program: int = 0) -> Standing:
    """Read where a member stands before a post (its id; 0 for none) of a program (the first one unless told); one query."""
    guideline = GUIDELINE.at(seen.company)
    (row,) = _STANDING.rows(
        member=member.pk,
        program=program or program_of(seen).pk,
        guideline=guideline.pk if guideline else 0,
        post=post,
    )
    *reader, accounts, chosen, earlier = row
    choices = sorted(_placed(one) for one in _parts(chosen))
    known = [_account(member, json.loads(one)) for one in _parts(accounts)]
    known.sort(key=lambda one: (one.connected_at, one.pk), reverse=True)
    return Standing(
        seen, told(member, seen, reader), known, [name for _position, name in choices], earlier_of(_parts(earlier))
    )


def offered_post(public_id: str, seen: Seen) -> int:
    """Give the id of an offered post of the program, or 0; from memory."""
    entry = shelf_of(program_of(seen), seen.posts).entry(public_id)
    return entry.pk if entry else 0


def post_for(standing: Standing, public_id: str, *, at: datetime) -> Post | None:
    """Give a post by its public id if it is offered to this member now; from memory once it was read."""
    seen = standing.seen
    shelf = shelf_of(program_of(seen), seen.posts)
    entry = shelf.entry(public_id)
    if entry is None or not entry.is_for(standing.reader.segments, at):
        return None
    return shelf.whole(entry)


def _placed(text: str) -> tuple[int, str]:
    """Read `3:linkedin`."""
    position, _colon, name = text.partition(":")
    return int(position), name


def _parts(text: str | None) -> list[str]:
    return text.split(_BETWEEN) if text else []


def _account(member: Member, told: dict[str, Any]) -> Account:
    limits, moment = told["limits"], datetime.fromisoformat(told["connected_at"])
    return Account(
        pk=told["id"],
        member=member,
        network=told["network"],
        instance=told["instance"],
        handle=told["handle"],
        state=told["state"],
        limits=json.loads(limits) if isinstance(limits, str) else limits,
        connected_at=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
    )


def _query(member: int, program: int, guideline: int, post: int) -> QuerySet[Any, Any]:
    own = {"member": OuterRef("pk")}
    account = JSONObject(
        id="id", network="network", instance="instance", handle="handle", state="state", limits="limits",
        connected_at="connected_at",
    )  # fmt: skip
    choice = Concat(Cast("position", TextField()), Value(":"), F("network"), output_field=TextField())
    shares = Share.objects.filter(**own, post=post, state__in=LIVING).exclude(channel=Share.Channel.PRACTICE)
    return reader_query(
        member,
        program,
        guideline,
        joined(
            Account.objects.filter(**own).exclude(state=Account.State.DISCONNECTED), "member", account, between=_BETWEEN
        ),
        joined(NetworkChoice.objects.filter(**own), "member", choice, between=_BETWEEN),
        joined(shares, "member", as_text(), between=_BETWEEN),
    )


_STANDING: Final = Prepared(_query, "member", "program", "guideline", "post")
