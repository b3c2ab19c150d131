"""The rights that people have against automated decisions (PIPL art. 24), as the API answers with them."""

from typing import Any

from typing_extensions import TypedDict

from kqml.contract.fields import Moment
from kqml.contract.scores import FullScore


class Objection(TypedDict):
    """Whether automated recommendations for the account were objected to; `objected_at` is null where not."""

    account_id: str
    objected_at: Moment | None


class ExplainedDecision(TypedDict):
    """What was recommended, from what. `blocked`: action → the rule that forbade it; `by_chance`: the action was
    randomised, to learn what it changes."""

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
    """A request that a person looks at an automated answer; the last three are null while nobody has."""

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
    """Reviews, the oldest first; `next_cursor` asks for the next ones, null where there are none."""

    reviews: list[Review]
    next_cursor: str | None


class Explanation(TypedDict):
    """What is decided about an account by machine. `statement`: how scores and recommendations come about, what may be
    asked for; `score`: the newest stored one; `decisions`, `reviews`: the latest ten."""

    account_id: str
    objected_at: Moment | None
    statement: list[str]
    score: FullScore | None
    decisions: list[ExplainedDecision]
    reviews: list[Review]
