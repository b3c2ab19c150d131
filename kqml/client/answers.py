"""What the service answers with; the shapes are tested against its OpenAPI description."""

from typing import Any, Literal, TypedDict

from kqml.bands import Band
from kqml.contract.scores import ShortScore


class EventsTaken(TypedDict):
    """What became of a batch of events: those that were new, those that were there already."""

    added: int
    known: int
    received_at: str


class RecordsPut(TypedDict):
    """How many records of a batch were new, changed, the same as before."""

    created: int
    changed: int
    same: int


class Account(TypedDict):
    """What an account is now; `score` is None while none is stored."""

    account_id: str
    name: str | None
    tier: str | None
    segment: str | None
    region: str | None
    owner_rep_id: str | None
    opened_on: str | None
    status: str | None
    status_since: str | None
    credit_grade: str | None
    attributes: dict[str, Any] | None
    described: bool
    updated_at: str
    score: ShortScore | None


class State(TypedDict):
    """One state of a decision."""

    state: str
    at: str
    known_at: str
    action: str | None
    reason: str | None
    verified: bool | None
    outcome: dict[str, Any] | None
    by: str | None


class Receipt(TypedDict):
    """A decision with everything that re-creates it, and what became of it."""

    decision_id: str
    account_id: str
    rep_id: str | None
    week: str
    cutoff: str
    policy: str
    playbook: str
    model: str | None
    assigned: str
    probability: float | None
    eligible: list[Any]
    blocked: dict[str, Any]
    explored: bool | None
    must: bool | None
    holdout: bool | None
    evaluable: bool | None
    features: dict[str, Any] | None
    features_fingerprint: str | None
    receipt: dict[str, Any] | None
    recorded_at: str
    state: str
    next: list[str]
    states: list[State]


class StatusTaken(TypedDict):
    """The state that was written, those that may follow."""

    decision_id: str
    state: State
    next: list[str]


class Planned(TypedDict):
    """One decision of a week: what was recommended, with its brief; `wait` for nothing."""

    decision_id: str
    account_id: str
    account_name: str | None
    tier: str | None
    assigned: str
    must: bool | None
    cutoff: str
    policy: str
    playbook: str
    model: str | None
    state: str
    at: str
    next: list[str]
    reason: str | None
    brief: Any


class RepPlan(TypedDict):
    """A rep's week as it was decided; `objected`: accounts of which nothing is told."""

    rep_id: str
    week: str
    decisions: list[Planned]
    objected: int


class Evidence(TypedDict):
    """What a recommendation's rank rests on."""

    code: str
    text: str
    basis: Literal["randomised", "observational", "prior", "unknown"]
    effect: float | None
    score: float
    churn_probability: float | None
    band: Band | None
    value_at_risk: float | None


class Recommended(Planned):
    """The same with whose week it is of, its chance, what its rank rests on."""

    rep_id: str | None
    probability: float | None
    evidence: Evidence | None


class NotDecided(TypedDict):
    """An account asked for, about which nothing was decided, why."""

    account_id: str
    code: Literal["objecting", "nobody", "closed", "not_then"]
    text: str


class Recommendations(TypedDict):
    """The decisions of a week; `decided`: the reps whose weeks this call decided."""

    week: str
    cutoff: str
    decided: list[str]
    decisions: list[Recommended]
    not_decided: list[NotDecided]
    objected: int


class Rep(TypedDict):
    """What a rep is now."""

    rep_id: str
    name: str | None
    manager_id: str | None
    region: str | None
    started_on: str | None
    left_on: str | None
    minutes_per_week: float | None
    stops_per_week: float | None
    budget_per_week: float | None
    absences: list[list[str]] | None
    updated_at: str
