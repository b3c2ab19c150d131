"""The bodies that answer with duties."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from serve.answer_schemas import Moment

DutyName = Literal[
    "cadence",
    "problems",
    "festival",
    "birthday",
    "milestone",
    "misfortune",
    "promise",
    "complaint",
    "inbound",
    "asks",
    "trainings",
]


class DutyOut(BaseModel):
    """One duty, as `docs/duties.md` defines it. `account_id` is null where a rep owes it; `contact_id` where nobody is
    named, or without the scope to read contacts."""

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
