"""Measurements of a dataset for power analysis: mean, spread, intraclass correlation, correlation with the past."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cutoffs import default_cutoff
from features.rows import Rows
from kqml.calendar.business_time import DAY_US
from kqml.dataset.folder import Dataset
from kqml.errors import Fault, Refused
from kqml.playbook import Playbook
from models.evaluation.experiment_design.design import Population
from models.uplift.outcomes import outcomes_of
from models.value.margins import margin_rates

Floats = NDArray[np.float64]
LEAST_ACCOUNTS, LEAST_REPS = 50, 5
CAPPED = 0.99
"""Quantile at which outcomes are winsorised: a few giants would otherwise decide a test alone, which then finds
nothing, or too much (Kohavi, Tang & Xu 2020, Trustworthy Online Controlled Experiments, ch. 22)."""


def measure_population(dataset: Dataset, playbook: Playbook, weeks: int) -> Population:
    """Measure the margins of the last `weeks` weeks of accounts with a rep that ordered in them or in the weeks before.

    Raises Refused where history or accounts are too few.
    """
    log, accounts = dataset.event_log(), dataset.accounts()
    end, span = default_cutoff(log, dataset.info.time_zone), weeks * 7 * DAY_US
    begins = int(log.occurred_at.min()) if len(log) else end
    if end - 2 * span < begins:
        days = (end - begins) // DAY_US
        fault = Fault("weeks", f"two periods of {weeks} weeks exceed the {days} days of history", "give fewer weeks")
        raise Refused("The history is too short.", [fault])
    rates = margin_rates(dataset, playbook)
    owner = accounts.get("owner_rep_id", pd.Series(index=accounts.index, dtype=object))
    before, after = (
        outcomes_of(log, _rows(len(accounts), end - back * span), rates, (span, 0.0), end).margin for back in (2, 1)
    )
    retained = owner.notna().to_numpy() & ((before > 0) | (after > 0))
    return population_of(before[retained], after[retained], pd.factorize(owner[retained])[0])


def _rows(count: int, cutoff: int) -> Rows:
    return Rows(np.arange(count, dtype=np.int32), np.full(count, cutoff, dtype=np.int64))


def population_of(before: Floats, after: Floats, rep: NDArray[np.int64]) -> Population:
    """Return the numbers of a population from outcomes (n) of two periods, winsorised at the CAPPED quantile.

    Analyse the experiment with the same cap. Raises Refused where the population is too small.
    """
    reps = len(np.unique(rep))
    if len(after) < LEAST_ACCOUNTS or reps < LEAST_REPS:
        message = f"{len(after)} accounts of {reps} reps"
        fault = Fault("dataset", message, f"provide at least {LEAST_ACCOUNTS} accounts of {LEAST_REPS} reps")
        raise Refused("There are too few accounts to estimate a standard deviation.", [fault])
    cap = float(np.quantile(after, CAPPED))
    before, after = np.minimum(before, cap), np.minimum(after, cap)
    varies = before.std() > 0 and after.std() > 0
    correlation = float(np.corrcoef(before, after)[0, 1]) if varies else 0.0
    slope = correlation * after.std() / before.std() if varies else 0.0
    # The correlation within reps of what the time before does not explain, as the analysis will adjust for it.
    rest = after - slope * before
    return Population(
        accounts=len(after),
        reps=reps,
        mean=float(after.mean()),
        sd=float(after.std(ddof=1)),
        icc=intraclass(rest, rep),
        correlation=correlation,
        cap=cap,
    )


def intraclass(outcome: Floats, group: NDArray[np.int64]) -> float:
    """Return the intraclass correlation by one-way analysis of variance (Donner 1986), at least 0."""
    _, code = np.unique(group, return_inverse=True)
    size = np.bincount(code)
    total, groups = len(outcome), len(size)
    mean = np.bincount(code, weights=outcome) / size
    between = float((size * (mean - outcome.mean()) ** 2).sum()) / (groups - 1)
    within = float(((outcome - mean[code]) ** 2).sum()) / max(total - groups, 1)
    # Donner's n₀: the group size that makes the estimator unbiased when groups differ in size.
    typical = (total - float((size**2).sum()) / total) / (groups - 1)
    return float(max(0.0, (between - within) / (between + (typical - 1) * within)))
