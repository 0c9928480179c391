"""Classes a click by an ordered list of small named steps; the first that applies gives the reason, and is counted."""

from collections.abc import Callable
from typing import Final, NamedTuple

from vocero.tracking.agents import BOT, PREVIEW, Agent, read_agent
from vocero.tracking.segment import HEAD_METHOD, PREFETCH, ClickRecord

VALID: Final = "valid"
REPEAT: Final = "repeat"


class Step(NamedTuple):
    """One reason why a request is not a reader's click: its name, and whether it applies to (record, agent, own)."""

    reason: str
    applies: Callable[[ClickRecord, Agent, bool], bool]


def _is_head(record: ClickRecord, _agent: Agent, _own: bool) -> bool:
    return bool(record.flags & HEAD_METHOD)


def _is_preview(_record: ClickRecord, agent: Agent, _own: bool) -> bool:
    return agent.kind == PREVIEW


def _is_bot(_record: ClickRecord, agent: Agent, _own: bool) -> bool:
    return agent.kind == BOT


def _is_prefetch(record: ClickRecord, _agent: Agent, _own: bool) -> bool:
    return bool(record.flags & PREFETCH)


def _has_no_agent(record: ClickRecord, _agent: Agent, _own: bool) -> bool:
    return not record.agent.strip()


def _is_own(_record: ClickRecord, _agent: Agent, own: bool) -> bool:
    return own


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


def verdict_of(record: ClickRecord, *, is_own: bool) -> tuple[str, Agent]:
    """Give the reason of the first step that applies, or "valid", and what the agent's text says.

    `is_own` says whether the visitor's key is one that the link's advocate left as a signed-in visitor that day.
    """
    agent = read_agent(record.agent.decode("utf-8", "replace"))
    for step in STEPS:
        if step.applies(record, agent, is_own):
            return step.reason, agent
    return VALID, agent
