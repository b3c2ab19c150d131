"""Causes of losses: the largest raising cause of each lost account, by the churn model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.context import Context
from features.cutoffs import grid
from features.engine import build_reference
from features.profile import profile_of
from features.rows import Rows
from kqml.calendar.business_time import DAY_US, Instants, local_midnight, moment_of
from kqml.dataset.folder import Dataset
from models.churn.reasons.reasons import Reason
from models.churn.scoring import Scorer, request_eligibility
from models.churn.scoring_request import ScoringRequest
from models.value.loss.revenue import Floats, Texts

NO_CAUSE = "none"
EVERY_DAYS = 28
"""Days from one cutoff to the next at which lost accounts are judged: the first one after the last order."""


@dataclass(frozen=True)
class LossCauses:
    """Rows with their churn probability; `cause`: the code of the raising cause with the largest contribution, else
    NO_CAUSE."""

    rows: Rows
    probability: Floats
    cause: Texts


def explain_expected_losses(scorer: Scorer, dataset: Dataset, context: Context, cutoff: int) -> LossCauses:
    """Return every eligible account at a cutoff."""
    request = _requested(dataset, context, np.array([cutoff]))[0]
    return _judge(scorer, request, request_eligibility(request, scorer.bundle.model.definition).rows)


def explain_losses(scorer: Scorer, dataset: Dataset, context: Context, lost: Rows) -> Texts:
    """Return the cause of each lost account (one row each, at its last order): as known up to four weeks after that
    order, so that the silence itself explains nothing."""
    causes = np.full(len(lost), NO_CAUSE, dtype=object)
    if not len(lost):
        return causes
    cutoffs = _cutoffs_after(lost.cutoff, context.time_zone)
    position = np.searchsorted(cutoffs, lost.cutoff)
    for index, request in zip(
        np.unique(position), _requested(dataset, context, cutoffs[np.unique(position)]), strict=True
    ):
        indices = np.flatnonzero(position == index)
        rows = Rows(lost.account[indices], np.full(len(indices), request.cutoff))
        causes[indices] = _judge(scorer, _compared(scorer, request), rows).cause
    return causes


def _cutoffs_after(instants: Instants, zone: str) -> Instants:
    """Return local midnights `EVERY_DAYS` apart, the last one not before the latest instant."""
    first = local_midnight(moment_of(int(instants.min()), zone).date(), zone)
    return grid(first, EVERY_DAYS, int(instants.max()) + (EVERY_DAYS + 1) * DAY_US, zone)


def _requested(dataset: Dataset, context: Context, cutoffs: Instants) -> list[ScoringRequest]:
    """Return every account at each cutoff."""
    log = dataset.event_log()
    profile = profile_of(dataset, Rows.grid(log.account_count, cutoffs))
    columns = {str(name): profile[name].to_numpy(dtype=object).reshape(-1, len(cutoffs)) for name in profile}
    return [
        ScoringRequest(
            log, context, int(cutoff), {name: column[:, position].tolist() for name, column in columns.items()}
        )
        for position, cutoff in enumerate(cutoffs)
    ]


def _compared(scorer: Scorer, request: ScoringRequest) -> ScoringRequest:
    """Return the same, compared with all accounts that are eligible at the cutoff."""
    if not len(scorer.plan.peers):
        return request
    rows = request_eligibility(request, scorer.bundle.model.definition).rows
    cells = scorer.cells(request.profile, rows)
    return replace(request, reference=build_reference(request.log, rows, scorer.plan, request.context, cells))


def _judge(scorer: Scorer, request: ScoringRequest, rows: Rows) -> LossCauses:
    probabilities: list[NDArray[np.float64]] = [np.zeros(0)]
    causes: list[str] = []
    for _, values in scorer.rows(request, rows):
        probabilities.append(scorer.probability(values))
        causes += map(_cause, scorer.explainer.explain(values, scorer.contributions(values), 2))
    return LossCauses(rows, np.concatenate(probabilities), _texts(causes))


def _cause(reasons: Sequence[Reason]) -> str:
    raising = (reason.code.value for reason in reasons if reason.code.is_cause and reason.direction == "rising")
    return next(raising, NO_CAUSE)


def _texts(words: Iterable[str]) -> Texts:
    return np.array([*words], dtype=object)
