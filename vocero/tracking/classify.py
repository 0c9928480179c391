"""Classes a click by an ordered list of small named steps; the first that applies gives the reason, and is counted."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from vocero.tracking.agents import BOT, PREVIEW, Agent, read_agent
from vocero.tracking.segment import FLOOD, HEAD_METHOD, PREFETCH

VALID: Final = "valid"
REPEAT: Final = "repeat"


class Asked(NamedTuple):
    """What a click is classed by: its flags, its agent's text and what that says, and whether it is the advocate's own."""

    flags: int
    text: bytes
    agent: Agent
    is_own: bool


class Step(NamedTuple):
    """One reason why a request is not a reader's click: its name, and whether it applies."""

    reason: str
    applies: Callable[[Asked], bool]


def _is_head(asked: Asked) -> bool:
    return bool(asked.flags & HEAD_METHOD)


def _is_preview(asked: Asked) -> bool:
    return asked.agent.kind == PREVIEW


def _is_bot(asked: Asked) -> bool:
    return asked.agent.kind == BOT or bool(asked.flags & FLOOD)


def _is_prefetch(asked: Asked) -> bool:
    return bool(asked.flags & PREFETCH)


def _has_no_agent(asked: Asked) -> bool:
    return not asked.text.strip()


def _is_own(asked: Asked) -> bool:
    return asked.is_own


# In this order. What passes all of them is valid; the first valid one of a visitor, link and day is the unique click,
# every further one a repeat: that last step is decided by the database (vocero/tracking/ingest.py), which sees all nodes.
STEPS: Final = (
    Step("head", _is_head),
    Step("preview", _is_preview),
    Step("bot", _is_bot),
    Step("prefetch", _is_prefetch),
    Step("no_agent", _has_no_agent),
    Step("own", _is_own),
)


@lru_cache(maxsize=50_000)
def verdict_of(text: bytes, flags: int, *, is_own: bool) -> tuple[str, str]:
    """Give the reason of the first step that applies, or "valid", and the device that the agent's text tells.

    `is_own` says whether the visitor's key is one that the link's advocate left as a signed-in visitor that day. Few
    texts make most clicks, so the answer for each is kept.
    """
    agent = read_agent(text.decode("utf-8", "replace"))
    asked = Asked(flags, text, agent, is_own)
    return next((step.reason for step in STEPS if step.applies(asked)), VALID), agent.device
