"""Decisions in the API: receipts and states."""

from typing import Any, Literal

from typing_extensions import TypedDict

from kqml.contract.fields import Moment, Probability

DecisionStatus = Literal[
    "recommended", "accepted", "rejected", "scheduled", "done", "failed", "verified", "outcome", "withdrawn"
]
"""`withdrawn`: the service took the decision back before it was carried out."""


class WeekDecision(TypedDict):
    """The latest decision of the week about the account."""

    decision_id: str
    action: str
    state: DecisionStatus


class DecisionState(TypedDict):
    """A state of a decision: when it came, when it was recorded."""

    state: DecisionStatus
    at: Moment
    known_at: Moment
    action: str | None
    reason: str | None
    verified: bool | None
    outcome: dict[str, Any] | None
    by: str | None


class DecisionFields(TypedDict):
    """A decision as recorded, with everything that re-creates it."""

    decision_id: str
    account_id: str
    rep_id: str | None
    week: str
    cutoff: Moment
    policy: str
    playbook: str
    model: str | None
    assigned: str
    probability: Probability | None
    eligible: list[Any]
    blocked: dict[str, Any]
    explored: bool | None
    must: bool | None
    holdout: bool | None
    evaluable: bool | None
    features: dict[str, Any] | None
    features_fingerprint: str | None
    receipt: dict[str, Any] | None
    recorded_at: Moment


class Receipt(DecisionFields):
    """A decision with its states; `next`: the states that may follow."""

    state: DecisionStatus
    next: list[DecisionStatus]
    states: list[DecisionState]


class ListedDecision(TypedDict):
    """One decision of a list, without its inputs. `assigned`: the action, `wait` for none; `reason`: from the plan,
    null where it has none; `state`, `at`: the latest state and when that came; `changed_at`: when it was recorded, at
    first with the decision; `next`: the states that may follow."""

    decision_id: str
    account_id: str
    account_name: str | None
    rep_id: str | None
    week: str
    cutoff: Moment
    policy: str
    playbook: str
    model: str | None
    assigned: str
    probability: Probability | None
    explored: bool | None
    must: bool | None
    holdout: bool | None
    reason: str | None
    state: DecisionStatus
    at: Moment
    action: str | None
    recorded_at: Moment
    changed_at: Moment
    next: list[DecisionStatus]


class DecisionPage(TypedDict):
    """A page of decisions; `next_cursor`: of the next page, null at the end. `complete_until`: every change recorded
    before it was visible to this request: the `changed_since` of the next round."""

    decisions: list[ListedDecision]
    complete_until: Moment
    next_cursor: str | None


class StatusTaken(TypedDict):
    """The recorded state and the states that may follow."""

    decision_id: str
    state: DecisionState
    next: list[DecisionStatus]
