"""The bodies that answer with a rep's week."""

from pydantic import BaseModel, ConfigDict, JsonValue

from kqml.contract.fields import Moment
from serve.http.schemas.decisions import State


class PlannedOut(BaseModel):
    """One decision of a week. `assigned`: the action, `wait` for none. `state`, `at`: what became of it last, when.
    `reason`, `brief`: as the plan gave them, null where it kept none."""

    decision_id: str
    account_id: str
    account_name: str | None
    tier: str | None
    assigned: str
    must: bool | None
    cutoff: Moment
    policy: str
    playbook: str
    model: str | None
    state: State
    at: Moment
    next: list[State]
    reason: str | None
    brief: JsonValue


class RepPlan(BaseModel):
    """The stored decisions of a rep's week: musts first, then by account. `objected`: how many accounts of
    the rep object to automated recommendations, so that nothing of them is told or decided."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rep_id": "R-7",
                    "week": "2024-W12",
                    "decisions": [
                        {
                            "decision_id": "D4f1d",
                            "account_id": "S-1001",
                            "account_name": "Corner pharmacy",
                            "tier": "A",
                            "assigned": "visit",
                            "must": True,
                            "cutoff": "2024-03-18T00:00:00+08:00",
                            "policy": "plan@1",
                            "playbook": "pharmacy@0123456789ab",
                            "model": "3@0123456789ab",
                            "state": "accepted",
                            "at": "2024-03-18T09:00:00+08:00",
                            "next": ["scheduled", "done", "failed", "rejected"],
                            "reason": None,
                            "brief": None,
                        }
                    ],
                    "objected": 0,
                }
            ]
        }
    )

    rep_id: str
    week: str
    decisions: list[PlannedOut]
    objected: int
