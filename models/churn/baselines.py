"""Baselines: the family of recency rules, a logistic regression on recency, frequency and money."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from features.context import Context
from features.definitions import Aggregation, Atom, Code, Direction, Feature, FeatureGroup, Stream
from features.engine import build_features
from features.plan import compile_plan
from features.rows import Rows
from kqml.events import EventKind
from kqml.history.event_log import EventLog
from models.churn.logistic_line import Floats
from models.churn.metrics import Mask, average_precision, rank_metrics, weigh

ORDERS = Stream("order", frozenset({EventKind.ORDER}))
GAPS = 26
YEAR = 364
LEAST_SPREAD = 0.5
"""Days; an account that never varied has no spread to divide by."""


@dataclass(frozen=True)
class OrderNumbers:
    """Per row, in days: silence, and mean, median, 90th percentile, spread of the last 26 gaps between orders; orders
    and money of the last year, money of the last horizon (NaN where the data have no amounts)."""

    silence: Floats
    mean: Floats
    median: Floats
    p90: Floats
    spread: Floats
    orders: Floats
    money: Floats
    recent_money: Floats

    def where(self, mask: Mask) -> "OrderNumbers":
        """Return the numbers of the rows of `mask`."""
        return OrderNumbers(**{name: values[mask] for name, values in vars(self).items()})


def order_numbers(log: EventLog, rows: Rows, context: Context, horizon: int) -> OrderNumbers:
    """Return the baselines' numbers, by the same engine as the features: known before the cutoff, exact on late
    records."""
    atoms = (
        Atom(ORDERS, Aggregation.SINCE_LAST),
        Atom(ORDERS, Aggregation.GAP_MEAN, last=GAPS),
        Atom(ORDERS, Aggregation.GAP_MEDIAN, last=GAPS),
        Atom(ORDERS, Aggregation.GAP_P90, last=GAPS),
        Atom(ORDERS, Aggregation.GAP_STD, last=GAPS),
        Atom(ORDERS, Aggregation.COUNT, days=YEAR),
        Atom(ORDERS, Aggregation.SUM, value="amount", days=YEAR),
        Atom(ORDERS, Aggregation.SUM, value="amount", days=horizon),
    )
    distinct = tuple(dict.fromkeys(atoms))
    values = build_features(log, rows, compile_plan([_unnamed(atom) for atom in distinct]), context)
    columns = {atom: np.ascontiguousarray(values[:, index]) for index, atom in enumerate(distinct)}
    return OrderNumbers(*(columns[atom] for atom in atoms))


def _unnamed(atom: Atom) -> Feature:
    """Return an atom as a feature that no model sees."""
    return Feature(atom, FeatureGroup.RECENCY, Code.LONGER_SILENT, Direction.EITHER, "baseline")


RULES: Mapping[str, Callable[[OrderNumbers], Floats]] = {
    "days_since_last_order": lambda n: n.silence,
    "silence_over_mean_gap": lambda n: n.silence / np.maximum(n.mean, LEAST_SPREAD),
    "silence_over_median_gap": lambda n: n.silence / np.maximum(n.median, LEAST_SPREAD),
    "silence_over_p90_gap": lambda n: n.silence / np.maximum(n.p90, LEAST_SPREAD),
    "silence_less_mean_over_spread": lambda n: (n.silence - n.mean) / np.maximum(n.spread, LEAST_SPREAD),
}
"""The family of design §6: higher is likelier gone; NaN (too few gaps) ranks last."""


def best_rule(numbers: OrderNumbers, churned: Mask) -> str:
    """Return the rule with the highest average precision on training rows; the first of equals."""
    ones = np.ones(len(churned))
    precision = {
        name: average_precision(weigh(rank_metrics(rule(numbers), churned), ones)) for name, rule in RULES.items()
    }
    return max(precision, key=lambda name: np.nan_to_num(precision[name], nan=-1.0))


@dataclass(frozen=True)
class RfmLogistic:
    """Logistic regression on the logarithms of recency, frequency, money (money left out where none is recorded)."""

    fitted: Pipeline | None
    level: float

    def probability(self, numbers: OrderNumbers) -> Floats:
        """P(churned) per row; the training rate where the training rows had only one answer."""
        if self.fitted is None:
            return np.full(len(numbers.silence), self.level)
        return np.asarray(self.fitted.predict_proba(_rfm(numbers))[:, 1], dtype=np.float64)


def fit_rfm(numbers: OrderNumbers, churned: Mask) -> RfmLogistic:
    """Return the logistic regression fitted on training rows."""
    level = float(churned.mean()) if len(churned) else float("nan")
    if not 0 < churned.sum() < len(churned):
        return RfmLogistic(None, level)
    fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    fitted.fit(_rfm(numbers), churned)
    return RfmLogistic(fitted, level)


def _rfm(numbers: OrderNumbers) -> Floats:
    logs = [np.log1p(np.maximum(column, 0.0)) for column in (numbers.silence, numbers.orders, numbers.money)]
    return np.asarray(np.nan_to_num(np.column_stack(logs), nan=0.0), dtype=np.float64)
