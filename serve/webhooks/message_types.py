"""The messages that webhooks can receive."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any


class MessageKind(StrEnum):
    """The types of message."""

    BAND_CROSSED = "account.band_crossed"
    DUTIES_OVERDUE = "duties.overdue"
    PLAN_CHANGED = "plan.changed"
    PLAN_CREATED = "plan.created"


@dataclass(frozen=True)
class Message:
    """One message. `occasion`: identifies the message when it is written again; `data`: ids, codes and numbers, nothing
    personal."""

    kind: MessageKind
    occasion: str
    data: Mapping[str, Any]

    @property
    def message_id(self) -> str:
        """A stable id: receivers skip messages that they have seen."""
        return "msg_" + sha256(f"{self.kind}\0{self.occasion}".encode()).hexdigest()[:32]

    def payload(self, at: int) -> str:
        """Return the body: `type`, `timestamp`, `data`, as in Standard Webhooks."""
        moment = datetime.fromtimestamp(at // 1_000_000, UTC).isoformat()
        return json.dumps({"type": self.kind, "timestamp": moment, "data": dict(self.data)}, ensure_ascii=False)


def band_crossed(account_id: str, before: str | None, after: str | None, as_of: str, model: str) -> Message:
    """Return the message that an account's band changed since its score before; null where it was not eligible."""
    data = {"account_id": account_id, "before": before, "after": after, "as_of": as_of, "model": model}
    return Message(MessageKind.BAND_CROSSED, f"{account_id}\0{as_of}\0{model}", data)


OVERDUE_VERSION = 1
"""Of the content of `duties.overdue`: grows when a field changes its meaning or goes, not when one is added."""


def duties_overdue(occasion: str, duties: Sequence[Mapping[str, Any]], page: int, pages: int) -> Message:
    """Return the message that these duties are overdue, one page of those found at the same time."""
    data = {"version": OVERDUE_VERSION, "page": page, "pages": pages, "duties": list(duties)}
    return Message(MessageKind.DUTIES_OVERDUE, occasion, data)


def plan_created(rep_id: str | None, week: str, policy: str, decisions: int, at: int) -> Message:
    """Return the message that a rep's week has new decisions."""
    data = {"rep_id": rep_id, "week": week, "policy": policy, "decisions": decisions}
    return Message(MessageKind.PLAN_CREATED, f"{rep_id}\0{week}\0{policy}\0{at}", data)


def plan_changed(decision: Mapping[str, Any], replaces: str | None) -> Message:
    """Return the message that the running week has a new decision about an account; `replaces`: the id of the one
    before it, if any."""
    data = {name: decision[name] for name in ("rep_id", "week", "account_id", "decision_id")}
    data |= {"action": decision["assigned"], "replaces": replaces}
    return Message(MessageKind.PLAN_CHANGED, decision["decision_id"], data)


def plan_withdrawn(decision: Mapping[str, Any], reason: str) -> Message:
    """Return the message that the running week has no decision about an account any more; `reason`: a code."""
    data = {name: decision[name] for name in ("rep_id", "week", "account_id")}
    data |= {"decision_id": None, "action": None, "replaces": decision["decision_id"], "reason": reason}
    return Message(MessageKind.PLAN_CHANGED, f"{decision['decision_id']}\0{reason}", data)
