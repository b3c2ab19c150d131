"""Why a score changed: the difference between two scores split into calendar, data, model, adding up exactly.

From the earlier cutoff, model and knowledge one thing moves at a time. Calendar: the same model at the later cutoff,
knowing nothing that was not known at the earlier one. Data: the same model knowing everything known by the later
cutoff. Model: the later model on the same. An event recorded ahead of its time (a payment falling due) comes with the
calendar. Another order would share out the joint part of two moves differently; this one answers "what if nothing had
happened", then "what happened".
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.context import NEVER
from features.eligibility import eligible_rows
from features.engine import build_reference
from features.rows import Rows
from models.churn.reasons.contributions import CODES, Floats, code_sums
from models.churn.scoring import Scorer
from models.churn.scoring_request import ScoringRequest


@dataclass(frozen=True)
class ScoreChanges:
    """Per account of the log the change of its churn probability; NaN where it was not eligible both times.

    `after - before == calendar + data + model`. `calendar_by_code`, `data_by_code` (A, C): the same moves in log-odds
    before calibration, by code in the order of `models.churn.reasons.contributions.CODES`.
    """

    accounts: NDArray[np.object_]
    before: Floats
    after: Floats
    calendar: Floats
    data: Floats
    model: Floats
    calendar_by_code: Floats
    data_by_code: Floats


@dataclass(frozen=True)
class _Measured:
    """Probabilities (R,) and contributions by code (R, C) of some rows."""

    probability: Floats
    by_code: Floats


def explain_score_changes(earlier: Scorer, was: ScoringRequest, later: Scorer, now: ScoringRequest) -> ScoreChanges:
    """Return the changes from `earlier` asked `was` to `later` asked `now`; both ask about the same log.

    Scores are those that `Scorer.score` gives. Contexts are the log's; references as in `ScoringRequest`.
    """
    aged_request = _value_at(was, now.cutoff)
    accounts = _eligible_both(earlier, was, later, now)
    first = _measured(earlier, was, accounts)
    aged_scores = _measured(earlier, aged_request, accounts, compared=_eligible(earlier, was))
    informed = _measured(earlier, now, accounts)
    last = _measured(later, now, accounts) if later is not earlier else informed
    return _changes(was.log.accounts, accounts, (first, aged_scores, informed, last))


def _value_at(was: ScoringRequest, cutoff: int) -> ScoringRequest:
    """Return the earlier knowledge at a later cutoff: nothing that was not known then."""
    since = was.context.recorded_since
    context = replace(was.context, recorded_since=np.where(since < was.cutoff, since, NEVER))
    return replace(was, log=was.log.as_known_before(was.cutoff), context=context, cutoff=cutoff)


def _eligible(scorer: Scorer, request: ScoringRequest) -> NDArray[np.int32]:
    cutoffs = np.array([request.cutoff], dtype=np.int64)
    return eligible_rows(request.log, request.context, scorer.bundle.model.definition, cutoffs).account


def _eligible_both(earlier: Scorer, was: ScoringRequest, later: Scorer, now: ScoringRequest) -> NDArray[np.int32]:
    return np.intersect1d(_eligible(earlier, was), _eligible(later, now)).astype(np.int32)


def _measured(
    scorer: Scorer, request: ScoringRequest, accounts: NDArray[np.int32], compared: NDArray[np.int32] | None = None
) -> _Measured:
    """Return the answers for `accounts`; without a given reference they are compared with `compared`, else all
    eligible."""
    request = _with_reference(scorer, request, _eligible(scorer, request) if compared is None else compared)
    probability, by_code = np.empty(len(accounts)), np.empty((len(accounts), len(CODES)))
    for rows, values in scorer.rows(request, _rows(accounts, request.cutoff)):
        probability[rows] = scorer.probability(values)
        by_code[rows] = code_sums(scorer.explainer.codes, values, scorer.contributions(values)).totals
    return _Measured(probability, by_code)


def _with_reference(scorer: Scorer, request: ScoringRequest, compared: NDArray[np.int32]) -> ScoringRequest:
    if request.reference is not None or not len(scorer.plan.peers):
        return request
    rows = _rows(compared, request.cutoff)
    cells = scorer.cells(request.profile, rows)
    return replace(request, reference=build_reference(request.log, rows, scorer.plan, request.context, cells))


def _rows(accounts: NDArray[np.int32], cutoff: int) -> Rows:
    return Rows(accounts, np.full(len(accounts), cutoff, dtype=np.int64))


def _changes(
    names: NDArray[np.object_], accounts: NDArray[np.int32], steps: tuple[_Measured, _Measured, _Measured, _Measured]
) -> ScoreChanges:
    first, aged, informed, last = steps

    def spread(values: Floats) -> Floats:
        out = np.full((len(names), *values.shape[1:]), np.nan)
        out[accounts] = values
        return out

    return ScoreChanges(
        accounts=names,
        before=spread(first.probability),
        after=spread(last.probability),
        calendar=spread(aged.probability - first.probability),
        data=spread(informed.probability - aged.probability),
        model=spread(last.probability - informed.probability),
        calendar_by_code=spread(aged.by_code - first.by_code),
        data_by_code=spread(informed.by_code - aged.by_code),
    )
