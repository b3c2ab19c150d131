"""The bodies of the rights that people have against automated decisions (PIPL art. 24)."""

from typing import Any

from pydantic import BaseModel, Field

from kqml.contract.fields import Moment
from kqml.contract.scores import FullScore
from serve.http.fields import Identifier, Text
from serve.http.schemas.scores import STRICT


class Objection(BaseModel):
    """Whether automated recommendations for the account were objected to; `objected_at` is null where not."""

    account_id: str
    objected_at: Moment | None


class ExplainedDecision(BaseModel):
    """What was recommended, from what. `blocked`: action → the rule that forbade it."""

    decision_id: str
    week: str
    decided_at: Moment
    action: str
    policy: str
    playbook: str
    model: str | None
    eligible: list[Any]
    blocked: dict[str, Any]
    by_chance: bool | None = Field(description="True where the action was chosen at random, to learn what it changes.")


class ReviewBody(BaseModel):
    """A wish that a person looks at it; say nothing personal in `note`."""

    model_config = STRICT

    decision_id: Identifier | None = None
    note: Text | None = None


class AnswerBody(BaseModel):
    """What the person found."""

    model_config = STRICT

    answer: Text


class Review(BaseModel):
    """A wish that a person looks at an automated answer; the last three are null while nobody has."""

    review_id: str
    account_id: str
    decision_id: str | None
    asked_at: Moment
    asked_by: str
    note: str | None
    resolved_at: Moment | None
    resolved_by: str | None
    answer: str | None


class ReviewPage(BaseModel):
    """Reviews, the oldest first; `next_cursor` asks for the next ones, null where there are none."""

    reviews: list[Review]
    next_cursor: str | None


class Explanation(BaseModel):
    """What is decided about an account by machine, from what, what can be done about it."""

    account_id: str
    objected_at: Moment | None
    statement: list[str] = Field(description="How scores and recommendations come about, what may be asked for.")
    score: FullScore | None = Field(description="The newest stored one.")
    decisions: list[ExplainedDecision] = Field(description="The latest ten.")
    reviews: list[Review] = Field(description="The latest ten.")
