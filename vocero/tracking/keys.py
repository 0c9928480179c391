"""Under which keys a link's clicks count: everything comes from what was frozen on its share, so it never changes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from vocero.sharing.models import Link

type Key = tuple[str, str]  # dimension, key
type StatPlace = tuple[int, str, str, str]  # program, dimension, key, network

_SHARE_FIELDS: Final = (
    "member_id", "network", "program_id", "post_id", "campaign_id", "topics", "origin", "kind", "purposes",
    "team_path", "location", "language",
)  # fmt: skip
_LINK_FIELDS: Final = ("id", "share_id", "post_id", "post__program_id", "post__campaign_id")
_CHUNK: Final = 500
_MOST_KEPT: Final = 200_000


class Place(NamedTuple):
    """Where a link's clicks count; the key of its share stands first. Without a share it has neither share nor member."""

    share_id: int | None
    member_id: int | None
    keys: tuple[StatPlace, ...]


class Places:
    """Gives the places of links, and keeps those it was asked for lately."""

    def __init__(self) -> None:
        self._kept: dict[int, Place] = {}

    def of(self, link_ids: Iterable[int]) -> Mapping[int, Place]:
        """Give the place of each link; a link that does not exist (any more) is left out."""
        missing = sorted({link_id for link_id in link_ids if link_id not in self._kept})
        if len(self._kept) + len(missing) > _MOST_KEPT:
            self._kept = {}
            missing = sorted(set(link_ids))
        fields = [*_LINK_FIELDS, *(f"share__{name}" for name in _SHARE_FIELDS)]
        for begin in range(0, len(missing), _CHUNK):
            for row in Link.objects.filter(pk__in=missing[begin : begin + _CHUNK]).values(*fields):
                self._kept[row["id"]] = _place(row)
        return self._kept


def _place(row: Mapping[str, Any]) -> Place:
    if row["share_id"] is None:
        keys: list[Key] = [("all", ""), ("post", str(row["post_id"]))]
        if row["post__campaign_id"]:
            keys.append(("campaign", str(row["post__campaign_id"])))
        program_id, network, member_id = row["post__program_id"], "", None
    else:
        share = {name: row[f"share__{name}"] for name in _SHARE_FIELDS}
        keys = [("share", str(row["share_id"])), ("member", str(share["member_id"])), *_shared_keys(share)]
        program_id, network, member_id = share["program_id"], share["network"], share["member_id"]
    return Place(row["share_id"], member_id, tuple((program_id, *key, network) for key in keys))


def _shared_keys(share: Mapping[str, Any]) -> Iterator[Key]:
    yield "all", ""
    yield "post", str(share["post_id"])
    if share["campaign_id"]:
        yield "campaign", str(share["campaign_id"])
    for name in ("origin", "kind", "location", "language"):
        if share[name]:
            yield name, share[name]
    for dimension, field in (("topic", "topics"), ("purpose", "purposes"), ("team", "team_path")):
        for key in dict.fromkeys(share[field]):
            yield dimension, str(key)
