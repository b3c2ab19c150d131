"""The bodies that mark duties."""

from typing import Annotated

from pydantic import BaseModel, Field

from kqml.duties.overrides import DECLARED_STATES
from serve.http.fields import Identifier, Instant, OneOf, Text
from serve.http.schemas.scores import STRICT
from serve.http.weeks import WEEK

DUTIES_PER_REQUEST = 100


class DutyStatus(BaseModel):
    """The state of a duty: `done`, `waived` because it need not be done, `open` to withdraw an earlier mark.

    `duty_id`, `account_id`, `rep_id` as `GET /v1/duties` lists them; `rep_id` alone where `account_id` is null there.
    `at`: when it was done or waived, by default now. `note`: why, how; not allowed for a person's day."""

    model_config = STRICT

    duty_id: Identifier
    account_id: Identifier | None = None
    rep_id: Identifier | None = None
    state: Annotated[str, OneOf(DECLARED_STATES)]
    at: Instant | None = None
    note: Text | None = None


class DutyStatusBody(BaseModel):
    """The states of duties of one week."""

    model_config = STRICT

    week: Annotated[str, Field(pattern=WEEK)] | None = Field(
        None, description="The ISO week in which they are listed. Default: the present one."
    )
    duties: Annotated[list[DutyStatus], Field(min_length=1, max_length=DUTIES_PER_REQUEST)]
