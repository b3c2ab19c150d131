"""Recommendations in the API."""

from typing import Literal

from typing_extensions import TypedDict

from kqml.bands import Band
from kqml.contract.claims import ClaimedMoney
from kqml.contract.fields import Moment, Probability
from kqml.contract.plans import PlannedDecision


class Evidence(TypedDict):
    """The evidence of a recommendation's rank. `code`: whether effects are `learned`, else why not; `text`: the same as
    a sentence. `basis`: of the action's rank. `effect`: of the accounts that get the same action, scaled to this
    account; null while its interval includes zero or no evidence supports one: no money is claimed then. `score`: the
    estimate that ranks the action, against 0 for `wait`."""

    code: str
    text: str
    basis: Literal["randomised", "observational", "prior", "unknown"]
    effect: ClaimedMoney | None
    score: float
    churn_probability: Probability | None
    band: Band | None
    value_at_risk: float | None


class RecommendedDecision(PlannedDecision):
    """One decision. `rep_id`: of whose week. `probability`: with which the action was chosen. `evidence`: null where
    another program made the decision."""

    rep_id: str | None
    probability: Probability | None
    evidence: Evidence | None


class NotDecided(TypedDict):
    """A requested account without a decision. `code`: `objecting` (no automated recommendations), `nobody` (no rep),
    `closed`, `not_then` (not the rep's, or not open, when the week was decided), `long_history` (more than
    50,000 events)."""

    account_id: str
    code: Literal["objecting", "nobody", "closed", "not_then", "long_history"]
    text: str


class Recommendations(TypedDict):
    """The decisions of the week, required ones first. `decided`: the reps whose weeks this request decided; others were
    decided before. `objected`: how many accounts of the request object."""

    week: str
    cutoff: Moment
    decided: list[str]
    decisions: list[RecommendedDecision]
    not_decided: list[NotDecided]
    objected: int
