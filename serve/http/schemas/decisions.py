"""The body that records the status of a decision."""

from typing import Annotated, get_args

from pydantic import BaseModel

from kqml.contract.decisions import DecisionStatus
from serve.http.fields import Instant, OneOf, Text, Word
from serve.http.schemas.scores import STRICT, Attributes

NEXT_STATES = tuple(state for state in get_args(DecisionStatus) if state not in ("recommended", "withdrawn"))
"""The other two are states that only the service sets."""


class StatusBody(BaseModel):
    """The next state of a decision. `at`: when it came, by default now; for `scheduled`, the planned time.

    `reason`: required with `rejected` and `failed`. `action`: the action taken, if not the recommended one. `verified`:
    whether the action was confirmed. `outcome`: its result, required with `outcome`.
    """

    model_config = STRICT

    state: Annotated[str, OneOf(NEXT_STATES)]
    at: Instant | None = None
    action: Word | None = None
    reason: Text | None = None
    verified: bool | None = None
    outcome: Attributes | None = None
