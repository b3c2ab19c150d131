"""The rights of people against automated decisions (PIPL art. 24) in the API."""

from typing import Any

from typing_extensions import TypedDict

from kqml.contract.fields import Moment
from kqml.contract.scores import FullScore


class Objection(TypedDict):
    """Whether there is an objection to automated recommendations for the account; `objected_at` is null without."""

    account_id: str
    objected_at: Moment | None


class ExplainedDecision(TypedDict):
    """A recommendation with its inputs. `blocked`: action → the rule that blocks it; `by_chance`: the action was
    randomised to learn its effect."""

    decision_id: str
    week: str
    decided_at: Moment
    action: str
    policy: str
    playbook: str
    model: str | None
    eligible: list[Any]
    blocked: dict[str, Any]
    by_chance: bool | None


class Review(TypedDict):
    """A request for a person's review of an automated decision; the last three fields are null until it is answered."""

    review_id: str
    account_id: str
    decision_id: str | None
    asked_at: Moment
    asked_by: str
    note: str | None
    resolved_at: Moment | None
    resolved_by: str | None
    answer: str | None


class ReviewPage(TypedDict):
    """Reviews, the oldest first; `next_cursor`: of the next page, null at the end."""

    reviews: list[Review]
    next_cursor: str | None


class Explanation(TypedDict):
    """The automated decisions about an account. `statement`: how scores and recommendations are made, the rights of the
    person; `score`: the newest stored one; `decisions`, `reviews`: the latest ten."""

    account_id: str
    objected_at: Moment | None
    statement: list[str]
    score: FullScore | None
    decisions: list[ExplainedDecision]
    reviews: list[Review]
