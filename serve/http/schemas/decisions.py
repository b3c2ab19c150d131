"""The body that gives the status of a decision."""

from typing import Annotated, get_args

from pydantic import BaseModel

from kqml.contract.decisions import DecisionStatus
from serve.http.fields import Identifier, Instant, OneOf, Text
from serve.http.schemas.scores import STRICT, Attributes

NEXT_STATES = tuple(state for state in get_args(DecisionStatus) if state != "recommended")


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
