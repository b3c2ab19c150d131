"""Recommendations as the API answers with them."""

from typing import Literal

from typing_extensions import TypedDict

from kqml.bands import Band
from kqml.contract.claims import ClaimedMoney
from kqml.contract.fields import Moment, Probability
from kqml.contract.plans import PlannedDecision


class Evidence(TypedDict):
    """What a recommendation's rank rests on. `code`: whether effects are `learned`, else why not; `text` says it in
    words. `basis`: of the action's rank. `effect`: of the accounts that get the same action, at this account's size;
    null while its interval includes zero, or where nothing supports one: then no money is claimed. `score`: the best
    guess that the action ranked by, against 0 for `wait`."""

    code: str
    text: str
    basis: Literal["randomised", "observational", "prior", "unknown"]
    effect: ClaimedMoney | None
    score: float
    churn_probability: Probability | None
    band: Band | None
    value_at_risk: float | None


class RecommendedDecision(PlannedDecision):
    """One decision. `rep_id`: whose week it is of. `probability` with which it was chosen. `evidence`: null where the
    decision was made by another program."""

    rep_id: str | None
    probability: Probability | None
    evidence: Evidence | None


class NotDecided(TypedDict):
    """An account asked for, about which nothing was decided. `code`: `objecting` (no automated recommendations),
    `nobody` (no rep is in charge), `closed`, `not_then` (it was not the rep's, or not open, when the week was
    decided)."""

    account_id: str
    code: Literal["objecting", "nobody", "closed", "not_then"]
    text: str


class Recommendations(TypedDict):
    """The decisions of the week, musts first. `decided`: the reps whose weeks this request decided; those of others
    had been decided before. `objected`: how many accounts of the rep asked for object."""

    week: str
    cutoff: Moment
    decided: list[str]
    decisions: list[RecommendedDecision]
    not_decided: list[NotDecided]
    objected: int
