"""A rep's week as the API answers with it."""

from typing import Any

from typing_extensions import TypedDict

from kqml.contract.decisions import DecisionStatus
from kqml.contract.fields import Moment


class StoredDecision(TypedDict):
    """One decision of a week as it is stored. `assigned`: the action, `wait` for none. `state`, `at`: its latest state
    and when that came. `reason`: as the plan gave it, null where it kept none."""

    decision_id: str
    account_id: str
    account_name: str | None
    tier: str | None
    assigned: str
    must: bool | None
    cutoff: Moment
    policy: str
    playbook: str
    model: str | None
    state: DecisionStatus
    at: Moment
    reason: str | None


class PlannedDecision(StoredDecision):
    """One decision of a week. `next`: the states that may follow; `brief`: as the plan gave it, null where it kept
    none."""

    next: list[DecisionStatus]
    brief: Any


class RepPlan(TypedDict):
    """The stored decisions of a rep's week: musts first, then by account. `objected`: how many accounts of the rep
    object to automated recommendations, so that nothing of them is decided or shown."""

    rep_id: str
    week: str
    decisions: list[PlannedDecision]
    objected: int
