"""The bodies that answer with duties."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kqml.contract.fields import Moment
from kqml.duties.overrides import DECLARED_STATES
from kqml.duties.table import DUTIES
from serve.http.fields import Identifier, Instant, OneOf, Text
from serve.http.schemas.scores import STRICT
from serve.http.weeks import WEEK

DUTIES_PER_REQUEST = 100

DutyName = Annotated[str, OneOf(DUTIES)]


class DutySaying(BaseModel):
    """What somebody says of a duty: `done`, `waived` because it need not be done, `open` to take that back.

    `duty_id`, `account_id`, `rep_id` as `GET /v1/duties` tells them; `rep_id` alone where `account_id` is null there.
    `at`: when it was done or waived, by default now. `note`: why, how; not beside a person's day."""

    model_config = STRICT

    duty_id: Identifier
    account_id: Identifier | None = None
    rep_id: Identifier | None = None
    state: Annotated[str, OneOf(DECLARED_STATES)]
    at: Instant | None = None
    note: Text | None = None


class DutyStatusBody(BaseModel):
    """What became of duties of one week."""

    model_config = STRICT

    week: Annotated[str, Field(pattern=WEEK)] | None = Field(
        None, description="The ISO week in which they are listed. Default: the present one."
    )
    duties: Annotated[list[DutySaying], Field(min_length=1, max_length=DUTIES_PER_REQUEST)]


class DutyStatusTaken(BaseModel):
    """How many sayings were new, how many were there already."""

    added: int
    known: int


class DeclaredOut(BaseModel):
    """What somebody said of a duty: when it was done or waived, when that was said, by whom."""

    state: Literal["done", "waived"]
    at: Moment
    known_at: Moment
    by: str
    note: str | None


class DutyOut(BaseModel):
    """One duty, as `docs/duties.md` defines it. `account_id` is null where a rep owes it; `contact_id` where nobody is
    named, or without the scope to read contacts. `declared`: by whom it was said to be done or waived, null where its
    state is what was counted."""

    duty_id: str
    account_id: str | None
    rep_id: str | None
    tier: Literal["A", "B", "C"] | None
    duty: DutyName
    occasion: str | None
    channel: str | None
    target: float
    counted: float
    prorated: float
    behind: float
    due_from: Moment
    due_by: Moment
    state: Literal["due", "done", "overdue", "waived"]
    must: bool
    why: str
    contact_id: str | None
    event_id: str | None
    declared: DeclaredOut | None


class DutyPage(BaseModel):
    """A part of the duties of a week, as they stood at `as_of`, by account; `next_cursor` asks for the next ones, null
    where there are none. `certainty`: whether the government has announced the working days of the year."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "week": "2024-W12",
                    "as_of": "2024-03-20T08:00:00+08:00",
                    "playbook": "pharmacy@0123456789ab",
                    "certainty": "announced",
                    "duties": [
                        {
                            "duty_id": "5c0f1d3b8a7e42960b1d6f3e",
                            "account_id": "S-1001",
                            "rep_id": "R-7",
                            "tier": "A",
                            "duty": "promise",
                            "occasion": None,
                            "channel": None,
                            "target": 1.0,
                            "counted": 0.0,
                            "prorated": 1.0,
                            "behind": 0.0,
                            "due_from": "2024-03-11T10:00:00+08:00",
                            "due_by": "2024-03-18T10:00:00+08:00",
                            "state": "overdue",
                            "must": True,
                            "why": "promise",
                            "contact_id": None,
                            "event_id": "p-17",
                            "declared": None,
                        }
                    ],
                    "next_cursor": None,
                }
            ]
        }
    )

    week: str
    as_of: Moment
    playbook: str
    certainty: Literal["announced", "forecast"]
    duties: list[DutyOut]
    next_cursor: str | None
