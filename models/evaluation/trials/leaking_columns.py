"""Leakage check of a trial: columns that look as if they were recorded after the treatment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom, chi2_contingency

from models.evaluation.trials.trial_file import Trial
from models.evaluation.trials.units import first_rows
from models.uplift.sample import Codes, Floats

CELLS = 20
GOOD_R2 = 0.5
"""Share of the outcome's variance that no single column known before the treatment should explain."""

SURE = 1e-9
"""Probability below which a cell without any event, or with nothing else, is no coincidence."""

LEAST_CELL = 30
DIFFERS = 1e-5
"""Family-wise p below which a column that differs between the arms was not fixed before the treatment."""


LeakCode = Literal["decides_outcome", "differs_by_arm", "predicts_outcome"]


@dataclass(frozen=True)
class LeakingColumn:
    """`code`: `predicts_outcome` (explains too much of it alone), `decides_outcome` (with some value the outcome always
    or never happens), `differs_by_arm` (a randomised treatment is independent of what was fixed before it). `number`:
    the share of variance, the rate, p."""

    column: str
    code: LeakCode
    number: float


def find_leaking_columns(trial: Trial) -> list[LeakingColumn]:
    """Return all suspicions, in the order of the columns."""
    return [result for name in trial.columns for result in _of_column(trial, str(name), trial.columns[name])]


def _of_column(trial: Trial, name: str, column: "pd.Series[float] | pd.Series[str]") -> Iterator[LeakingColumn]:
    cell = cells_of(column)
    if cell.max() == 0:
        return
    explained = _explained(cell, trial.outcome, trial.unit)
    if explained >= GOOD_R2:
        yield LeakingColumn(name, "predicts_outcome", explained)
    # Rows of one unit repeat its value and its arm: tests of independent rows take one row of each.
    first = first_rows(trial.unit)
    event = trial.outcome[first] != 0
    rate = _decided(cell[first], event) if 0 < event.mean() < 1 else None
    if rate is not None:
        yield LeakingColumn(name, "decides_outcome", rate)
    p = _difference(cell[first], trial.arm[first], trial)
    # Bonferroni over the columns: in a wide file some column always differs by chance.
    if p < DIFFERS / len(trial.columns.columns):
        yield LeakingColumn(name, "differs_by_arm", p)


def cells_of(column: "pd.Series[float] | pd.Series[str]") -> Codes:
    """Return a cell per row: one for each of the commonest values, quantile bins of other numbers, one for missing."""
    common = column.value_counts().index[:CELLS]
    codes = pd.Series(np.arange(1, len(common) + 1), index=common)
    cell = column.map(codes).fillna(0.0).to_numpy(dtype=np.int64)
    if column.dtype != object and column.nunique() > CELLS:
        numbers = column.to_numpy(dtype=np.float64)
        rest = (cell == 0) & np.isfinite(numbers)
        edges = np.unique(np.quantile(numbers[rest], np.linspace(0, 1, CELLS + 1)[1:-1])) if rest.any() else np.empty(0)
        cell[rest] = CELLS + 1 + np.searchsorted(edges, numbers[rest], side="right")
    return np.asarray(np.unique(cell, return_inverse=True)[1], dtype=np.int64)


def _explained(cell: Codes, outcome: Floats, unit: Codes) -> float:
    """Return the R² of the cells' means, fitted on even units and evaluated on odd ones."""
    # Held out by halves: with many cells R² on the fitted rows is large by chance alone.
    even = unit % 2 == 0
    count = np.bincount(cell[even], minlength=cell.max() + 1)
    total = np.bincount(cell[even], weights=outcome[even], minlength=cell.max() + 1)
    # Ten rows of the overall mean shrink small cells, whose own means are mostly noise.
    mean = (total + 10 * outcome[even].mean()) / (count + 10)
    rest = outcome[~even] - mean[cell[~even]]
    return float(1.0 - np.sum(rest**2) / max(np.sum((outcome[~even] - outcome[even].mean()) ** 2), 1e-300))


def _decided(cell: Codes, event: NDArray[np.bool_]) -> float | None:
    """Return the rate, 0 or 1, of the largest cell where the event never or always happens beyond chance, or None."""
    rows = np.bincount(cell)
    happened = np.bincount(cell, weights=event)
    rate = float(event.mean())
    # Against the base rate: for a rare outcome thousands of rows without an event are no surprise.
    never = (happened == 0) & (binom.pmf(0, rows, rate) < SURE)
    always = (happened >= 0.995 * rows) & (rows >= LEAST_CELL) & (binom.sf(happened - 1, rows, rate) < SURE)
    extreme = np.flatnonzero(never | always)
    if not len(extreme):
        return None
    largest = extreme[np.argmax(rows[extreme])]
    return 0.0 if never[largest] else 1.0


def _difference(cell: Codes, arm: Codes, trial: Trial) -> float:
    """Return p of a χ² test of cells by arms; 1 where assignment probabilities differ from row to row by design."""
    known = trial.probability[np.isfinite(trial.probability)]
    if len(known) and any(np.ptp(trial.probability[trial.arm == code]) > 1e-9 for code in range(len(trial.arms))):
        return 1.0
    table = np.zeros((cell.max() + 1, len(trial.arms)))
    np.add.at(table, (cell, arm), 1.0)
    # The χ² approximation needs expected counts of several per cell.
    table = table[table.sum(axis=1) >= LEAST_CELL]
    return float(chi2_contingency(table).pvalue) if len(table) > 1 else 1.0
