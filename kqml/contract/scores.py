"""Scores in the API."""

from typing import Any, Literal

from typing_extensions import TypedDict

from kqml.bands import Band
from kqml.contract.fields import Count, ModelGrade, Moment, Probability, field_names


class ModelRef(TypedDict):
    """The model and the grade of its training procedure."""

    version: str
    grade: ModelGrade


class BandCounts(TypedDict):
    """How many eligible accounts lie in each band."""

    stopped: Count
    high: Count
    raised: Count
    low: Count


class ReasonOut(TypedDict):
    """A reason of the probability. `contribution`: in log-odds; `direction`: of its effect on the probability."""

    code: str
    direction: Literal["rising", "falling"]
    contribution: float
    text: str


class ScoreEvidence(TypedDict):
    """The evidence of a score: the events and orders used, when the first of them happened, when the newest became
    known. The instants are null without events."""

    events: int
    orders: int
    since: Moment | None
    known_until: Moment | None


class ScoreResult(TypedDict):
    """The fields of every full score, requested or stored."""

    churn_probability: Probability | None
    band: Band | None
    eligible: bool
    reasons: list[ReasonOut]
    warnings: list[str]


class ScoreOut(ScoreResult):
    """One account's score; `churn_probability`, `band` are null when the account is not eligible."""

    account_id: str
    evidence: ScoreEvidence


class ScoreAnswer(TypedDict):
    """The scores in the order of the request."""

    model: ModelRef
    as_of: Moment
    scores: list[ScoreOut]


class ShortScore(TypedDict):
    """An account's newest stored score; the numbers are null when it was not eligible."""

    churn_probability: Probability | None
    band: Band | None
    value_at_risk: float | None
    as_of: Moment
    model: str


class FullScore(ScoreResult):
    """An account's newest stored score with its reasons, in the language of the request."""

    value_at_risk: float | None
    as_of: Moment
    model: str
    scored_at: Moment


class StoredScore(FullScore):
    """The newest stored score of an account."""

    account_id: str


class ScorePage(TypedDict):
    """A page of stored scores; `next_cursor`: of the next page, null at the end. `complete_until`: every score stored
    before it was visible to this request: the `changed_since` of the next round."""

    scores: list[StoredScore]
    complete_until: Moment
    next_cursor: str | None


class Change(TypedDict):
    """Why a score differs from the one before: the parts add up to the difference of the probabilities."""

    calendar: float
    data: float
    model: float


class PastScore(ScoreResult):
    """One stored score. `before`: the probability it is compared with; `change`: null where there is nothing to
    compare, or one of the two has no number, or the parts were not worked out."""

    as_of: Moment
    scored_at: Moment
    model: str
    value_at_risk: float | None
    before: Probability | None
    before_as_of: Moment | None
    before_model: str | None
    change: Change | None


class AccountHistory(TypedDict):
    """The stored scores of an account, the newest first; `next_cursor`: of earlier ones, null at the end."""

    account_id: str
    scores: list[PastScore]
    next_cursor: str | None


RESULT_FIELDS = field_names(ScoreResult)


def empty_score(warning: str) -> dict[str, Any]:
    """Return the fields of a `ScoreResult` with a warning and nothing else."""
    return {**dict.fromkeys(RESULT_FIELDS), "eligible": False, "reasons": [], "warnings": [warning]}
