"""The bodies that ask for recommendations, that answer with them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from kqml.bands import Band
from kqml.contract.fields import Moment
from serve.http.fields import Identifier
from serve.http.schemas.plans import PlannedOut
from serve.http.schemas.scores import STRICT
from serve.http.weeks import WEEK

ACCOUNTS_PER_REQUEST = 200
REPS_PER_REQUEST = 10
"""Whose weeks one request decides: the hours of a rep are shared by all accounts of the rep."""


class RecommendationRequest(BaseModel):
    """Whose week: either `rep_id`, or `accounts`, for which the weeks of their reps are decided. `week`: an ISO week
    such as 2024-W12, by default the present one. `language`: of what a new decision says."""

    model_config = STRICT

    week: Annotated[str, Field(pattern=WEEK)] | None = None
    rep_id: Identifier | None = None
    accounts: Annotated[list[Identifier], Field(min_length=1, max_length=ACCOUNTS_PER_REQUEST)] | None = None
    language: Literal["zh", "en"] | None = None


class Evidence(BaseModel):
    """What a recommendation's rank rests on. `code`: whether effects are `learned`, else why not; `text` says it in
    words. `basis`: of the effect of the action; `effect`, on margin over the horizon, is null where nothing supports
    one: then no money is claimed. `score`: what the action ranked by, against 0 for `wait`."""

    code: str
    text: str
    basis: Literal["randomised", "observational", "prior", "unknown"]
    effect: float | None
    score: float
    churn_probability: Annotated[float, Field(ge=0, le=1)] | None
    band: Band | None
    value_at_risk: float | None


class RecommendedOut(PlannedOut):
    """One decision. `rep_id`: whose week it is of. `probability` with which it was chosen. `evidence`: null where the
    decision was made by another program."""

    rep_id: str | None
    probability: Annotated[float, Field(ge=0, le=1)] | None
    evidence: Evidence | None


class NotDecided(BaseModel):
    """An account asked for, about which nothing was decided. `code`: `objecting` (no automated recommendations),
    `nobody` (no rep is in charge), `closed`, `not_then` (it was not the rep's, or not open, when the week was
    decided)."""

    account_id: str
    code: Literal["objecting", "nobody", "closed", "not_then"]
    text: str


class Recommendations(BaseModel):
    """The decisions of the week, musts first. `decided`: the reps whose weeks this request decided; those of others
    had been decided before. `objected`: how many accounts of the rep asked for object."""

    week: str
    cutoff: Moment
    decided: list[str]
    decisions: list[RecommendedOut]
    not_decided: list[NotDecided]
    objected: int
