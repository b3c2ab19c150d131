"""The bodies of decisions: the receipt, what became of it."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field, JsonValue

from kqml.contract.fields import Moment
from serve.http.fields import Identifier, Instant, OneOf, Text
from serve.http.schemas.scores import STRICT, Attributes

State = Literal["recommended", "accepted", "rejected", "scheduled", "done", "failed", "verified", "outcome"]
NEXT_STATES = tuple(state for state in get_args(State) if state != "recommended")


class StatusBody(BaseModel):
    """What became of a decision. `at`: when, by default now; for `scheduled`: for when.

    `reason`: needed with `rejected` and `failed`. `action`: what was done, where it is another than was recommended.
    `verified`: whether somebody or something confirmed it. `outcome`: what it brought, needed with `outcome`."""

    model_config = STRICT

    state: Annotated[str, OneOf(NEXT_STATES)]
    at: Instant | None = None
    action: Identifier | None = None
    reason: Text | None = None
    verified: bool | None = None
    outcome: Attributes | None = None


class StateOut(BaseModel):
    """One state of a decision: when it came, when that was told."""

    state: State
    at: Moment
    known_at: Moment
    action: str | None
    reason: str | None
    verified: bool | None
    outcome: dict[str, JsonValue] | None
    by: str | None


class Receipt(BaseModel):
    """A decision with everything that re-creates it, and what became of it."""

    decision_id: str
    account_id: str
    rep_id: str | None
    week: str
    cutoff: Moment
    policy: str
    playbook: str
    model: str | None
    assigned: str
    probability: Annotated[float, Field(ge=0, le=1)] | None
    eligible: list[JsonValue]
    blocked: dict[str, JsonValue]
    explored: bool | None
    must: bool | None
    holdout: bool | None
    evaluable: bool | None
    features: dict[str, JsonValue] | None
    features_fingerprint: str | None
    receipt: dict[str, JsonValue] | None
    recorded_at: Moment
    state: State
    next: list[State]
    states: list[StateOut]


class StatusTaken(BaseModel):
    """The state that was written, those that may follow."""

    decision_id: str
    state: StateOut
    next: list[State]
