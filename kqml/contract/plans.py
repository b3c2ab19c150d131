"""A rep's week in the API."""

from typing import Any

from typing_extensions import TypedDict

from kqml.contract.decisions import DecisionStatus
from kqml.contract.fields import Moment
from kqml.contract.notes import ContactNote


class StoredDecision(TypedDict):
    """One decision of a week. `decision_id`: null in a preview. `assigned`: the action, `wait` for none. `state`, `at`:
    its latest state and when that came. `reason`: from the plan, null where it has none."""

    decision_id: str | None
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
    """One decision of a week. `next`: the states that may follow; `brief`: from the plan, null where it has none;
    `notes`: of the last contacts with the account, the newest first."""

    next: list[DecisionStatus]
    brief: Any
    notes: list[ContactNote]


class RepPlan(TypedDict):
    """The stored decisions of a rep's week: required ones first, then by account. `objected`: how many accounts of the
    rep object to automated recommendations; they get no decisions and are not shown. `preview`: true for next week's
    plan by what is known now: nothing of it is decided."""

    rep_id: str
    week: str
    preview: bool
    decisions: list[PlannedDecision]
    objected: int
