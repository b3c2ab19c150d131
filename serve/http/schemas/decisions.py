"""The body that records the status of a decision."""

from typing import Annotated, get_args

from pydantic import BaseModel

from kqml.contract.decisions import DecisionStatus
from serve.http.fields import Identifier, Instant, OneOf, Text, Word, within
from serve.http.schemas.scores import STRICT, Attributes

NEXT_STATES = tuple(state for state in get_args(DecisionStatus) if state not in ("recommended", "withdrawn"))
"""The other two are states that only the service sets."""


class BusinessNoteBody(BaseModel):
    """What is noted of the business, each part optional: what was done, what went well, what badly, the lesson, the
    agreement, the plan, who took part."""

    model_config = STRICT

    summary: Text | None = None
    went_well: Text | None = None
    went_badly: Text | None = None
    lesson: Text | None = None
    agreement: Text | None = None
    plan: Text | None = None
    participants: Text | None = None


class ReportBody(BaseModel):
    """What happened in a contact. `personal`: a note about the person `contact_id`, stored encrypted; `business`: all
    other notes. `next_appointment`: becomes a required action at its date."""

    model_config = STRICT

    minutes: Annotated[float, within("minutes")] | None = None
    sentiment: Annotated[float, within("sentiment")] | None = None
    contact_id: Identifier | None = None
    business: BusinessNoteBody | None = None
    personal: Text | None = None
    next_appointment: Instant | None = None


class StatusBody(BaseModel):
    """The next state of a decision. `at`: when it came, by default now; for `scheduled`, the planned time.

    `reason`: required with `rejected` and `failed`. `action`: the action taken, if not the recommended one. `verified`:
    whether the action was confirmed. `outcome`: its result, required with `outcome`. `report`: what happened, with
    `done`.
    """

    model_config = STRICT

    state: Annotated[str, OneOf(NEXT_STATES)]
    at: Instant | None = None
    action: Word | None = None
    reason: Text | None = None
    verified: bool | None = None
    outcome: Attributes | None = None
    report: ReportBody | None = None
