"""A churn model of a simulated world, evaluated on the world's last year."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.world.almanac import WeekDates
from features.catalog import catalog
from features.churn_definition import ChurnDefinition
from features.definitions import Feature, atoms_of
from features.training_set import TrainingSet, build_training_set
from kqml.dataset.folder import Dataset
from kqml.events import EventKind
from models.churn.boosting import Parameters, train_booster
from models.churn.churn_model import predict_log_odds
from models.churn.examples import Examples, training_examples
from models.churn.resampling import MeasuredMetric, Resamples, draw_resamples, measure, paired

WEEKS, FIRST, EVERY = 156, 32, 4
TEST_FROM = 104
PICTURED = (117, 130)
"""Weeks of the truth's pictures of all states that the grid of cutoffs leaves out."""

GAP = 28
"""Days between cutoff and window at which drivers are looked for: a score that leaves time to act."""

MIRRORS = frozenset(
    {
        EventKind.ORDER,
        EventKind.ORDER_CANCELLED,
        EventKind.RETURN,
        EventKind.DELIVERY,
        EventKind.PAYMENT_DUE,
        EventKind.PAYMENT_RECEIVED,
    }
)
"""Kinds that say what orders say; features of all other kinds are the interactions of the ablation."""


@dataclass(frozen=True)
class Effort:
    """Effort: rounds of boosting, resamples of an interval."""

    rounds: int = 200
    draws: int = 300
    paired_draws: int = 1000


QUICK = Effort(rounds=30, draws=40, paired_draws=60)


@dataclass(frozen=True)
class WorldModel:
    """A model's log-odds on the test rows, with what its metrics need."""

    examples: Examples
    silent: NDArray[np.bool_]
    log_odds: NDArray[np.float64]

    @property
    def groups(self) -> dict[str, NDArray[np.bool_]]:
        return {"all": np.ones(len(self.silent), bool), "silent": self.silent, "ordering": ~self.silent}

    def among(self, mask: NDArray[np.bool_]) -> "WorldModel":
        return WorldModel(self.examples.where(mask), self.silent[mask], self.log_odds[mask])

    def measured(self, resamples: Resamples) -> MeasuredMetric:
        return measure(self.log_odds, self.examples.churned, resamples, probabilities=False)


def training_set(dataset: Dataset, gap: int) -> TrainingSet:
    """Return rows every four weeks from the eighth month on, with labels mature at the end."""
    weeks = sorted({*range(FIRST, WEEKS - 18, EVERY), *PICTURED})
    cutoffs = np.array([WeekDates().cutoff(week) for week in weeks], dtype=np.int64)
    return build_training_set(dataset, ChurnDefinition(gap=gap), cutoffs, catalog())


def split(result: TrainingSet) -> tuple[Examples, Examples]:
    """Return the rows with labels mature before the last year, and the rows of the last year."""
    examples = training_examples(result)
    test = examples.cutoff >= WeekDates().cutoff(TEST_FROM)
    return examples.where(examples.matures_at <= WeekDates().cutoff(TEST_FROM)), examples.where(test)


def measure_model(result: TrainingSet, retained: frozenset[str] | None, effort: Effort) -> WorldModel:
    """Return the model of these columns, or of all, on the test rows."""
    fit, test = split(result)
    silent = result.labels.already_silent[test.index]
    if retained is not None:
        mask = np.array([column in retained for column in fit.columns])
        fit, test = fit.only(mask), test.only(mask)
    return WorldModel(test, silent, predict_log_odds(train_booster(fit, Parameters(), effort.rounds, 0), test.values))


def mirrors(columns: Sequence[str]) -> frozenset[str]:
    """Return the columns that read orders or events that mirror them."""
    known = {feature.column for feature in catalog() if mirrors_orders(feature)}
    return frozenset(column for column in columns if column in known)


def mirrors_orders(feature: Feature) -> bool:
    return all(atom.stream.kinds <= MIRRORS for atom in atoms_of(feature.measure))


def rows_of(assessment: WorldModel, gap: int, features: str, effort: Effort) -> list[dict[str, Any]]:
    """Return AUC with interval and average precision of every group."""
    return [_row(assessment.among(mask), gap, group, features, effort) for group, mask in assessment.groups.items()]


def _row(trained: WorldModel, gap: int, group: str, features: str, effort: Effort) -> dict[str, Any]:
    scored = trained.measured(draw_resamples(trained.examples.account, effort.draws))
    between = scored.interval("auc")
    return {
        "gap": gap,
        "group": group,
        "features": features,
        "rows": len(trained.silent),
        "churned": int(trained.examples.churned.sum()),
        "auc": scored.values["auc"],
        "auc_low": between.low,
        "auc_high": between.high,
        "average_precision": scored.values["average_precision"],
    }


def gain(more: WorldModel, fewer: WorldModel, effort: Effort) -> dict[str, Any]:
    """Return the gain of more columns over fewer among accounts that still order:

    AUC and average precision, with intervals.
    """
    mask = ~more.silent
    resamples = draw_resamples(more.examples.account[mask], effort.paired_draws)
    with_group, without_group = (assessment.among(mask).measured(resamples) for assessment in (more, fewer))
    result: dict[str, Any] = {"group": "ordering", "gap": GAP}
    for short, name in (("auc", "auc"), ("ap", "average_precision")):
        between = paired(with_group, without_group, name)
        result |= {
            f"d_{short}": with_group.values[name] - without_group.values[name],
            f"d_{short}_low": between.low,
            f"d_{short}_high": between.high,
        }
    return result


def left_alone(assessment: WorldModel, left: NDArray[np.bool_], effort: Effort) -> dict[str, Any]:
    """Return the share of churned rows that left for good, and the accuracy without silent slow accounts."""
    ordering = ~assessment.silent
    churned = assessment.examples.churned
    retained = assessment.among(ordering & (left | ~churned))
    row = _row(retained, GAP, "ordering", "all", effort)
    return {**row, "churned_that_left": float(left[ordering & churned].mean())}
