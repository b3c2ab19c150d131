"""The back-test: scores of the procedure and of every baseline on cutoffs after their training."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from features.context import Context
from features.training_set import TrainingSet
from kqml.calendar.business_time import Instants
from kqml.errors import BadUse, Fault
from kqml.history.event_log import EventLog
from models.churn.baselines import RULES, OrderNumbers, best_rule, fit_rfm, order_numbers
from models.churn.boosting import UNTUNED, Parameters
from models.churn.examples import Examples, order_columns, training_examples
from models.churn.fitting import FittedChurn, fit_churn
from models.churn.logistic_line import Floats
from models.churn.metrics import Mask
from models.churn.scored_rows import OURS, REFERENCE, RFM, ScoredRows
from models.churn.splits import Origin, Slices, rolling_origins, single_origin


@dataclass(frozen=True)
class BacktestPlan:
    """`cutoffs_per_fit`: test cutoffs per fit of a rolling back-test, None for one fit before the whole block."""

    test_share: float = 0.25
    cutoffs_per_fit: int | None = None
    parameters: Parameters = field(default_factory=Parameters)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.cutoffs_per_fit is not None and self.cutoffs_per_fit < 1:
            fault = Fault("--rolling", f"{self.cutoffs_per_fit} is below 1", "give the number of test cutoffs per fit")
            raise BadUse("The back-test cannot be split.", [fault])


@dataclass(frozen=True)
class Backtest:
    """`scored`: the test rows. `fitted`: our model of the first origin, `slices` its cutoffs; `test`: the block's.
    `rule`: the recency rule chosen on its training cutoffs. `training_rows`: uncensored rows the first fit saw.
    `fit_seconds`: by model, over all fits."""

    scored: ScoredRows
    fitted: FittedChurn
    slices: Slices
    test: Instants
    rule: str
    training_rows: int
    fits: int
    fit_seconds: Mapping[str, float]


def run_backtest(
    training_set: TrainingSet,
    log: EventLog,
    context: Context,
    plan: BacktestPlan,
    stopwatch: Callable[[], float] = time.perf_counter,
) -> Backtest:
    """Fit our model, the reference and the baselines at each origin, and score the test cutoffs that follow it.

    Deterministic for a seed, but for the seconds. Raises Refused when no cutoff is left to train on.
    """
    examples = training_examples(training_set)
    numbers = order_numbers(log, training_set.labels.rows, context, training_set.definition.horizon)
    origins = _origins(examples, plan)
    fits = [_Fits.at(origin, examples, numbers, plan, stopwatch) for origin in origins]
    scores = _score_all(training_set, numbers, origins, fits)
    ahead = np.isin(training_set.labels.rows.cutoff, _test_cutoffs(origins))
    everyone = ScoredRows(training_set.labels, scores, numbers.recent_money, training_set.profile)
    return Backtest(
        scored=everyone.where(ahead),
        fitted=fits[0].ours,
        slices=origins[0].slices,
        test=_test_cutoffs(origins),
        rule=fits[0].rule,
        training_rows=int(origins[0].slices.rows_in(origins[0].slices.training, examples.cutoff).sum()),
        fits=len(fits),
        fit_seconds={name: sum(fit.seconds[name] for fit in fits) for name in (OURS, REFERENCE, RFM)},
    )


@dataclass(frozen=True)
class _Fits:
    """Every fitted model of one origin; `reference_columns` are those the reference may see."""

    ours: FittedChurn
    reference: FittedChurn
    reference_columns: Mask
    rfm_score: Floats
    rule: str
    seconds: Mapping[str, float]

    @classmethod
    def at(
        cls,
        origin: Origin,
        examples: Examples,
        numbers: OrderNumbers,
        plan: BacktestPlan,
        stopwatch: Callable[[], float],
    ) -> "_Fits":
        known = origin.slices.rows_in(origin.slices.training, examples.cutoff)
        mask = np.zeros(len(numbers.silence), dtype=np.bool_)
        mask[examples.index[known]] = True
        training, churned = numbers.where(mask), examples.churned[known]
        columns = order_columns(examples.columns)
        times = [stopwatch()]
        ours = fit_churn(examples, origin.slices, plan.parameters, plan.seed)
        times.append(stopwatch())
        reference = fit_churn(examples.only(columns), origin.slices, UNTUNED, plan.seed)
        times.append(stopwatch())
        rfm_score = fit_rfm(training, churned).probability(numbers)
        times.append(stopwatch())
        seconds = dict(zip((OURS, REFERENCE, RFM), np.diff(times).tolist(), strict=True))
        return cls(ours, reference, columns, rfm_score, best_rule(training, churned), seconds)


def _origins(examples: Examples, plan: BacktestPlan) -> list[Origin]:
    cutoffs, matures = examples.cutoffs()
    if plan.cutoffs_per_fit is None:
        return single_origin(cutoffs, matures, plan.test_share)
    return rolling_origins(cutoffs, matures, plan.test_share, plan.cutoffs_per_fit)


def _test_cutoffs(origins: list[Origin]) -> Instants:
    return np.concatenate([origin.slices.cutoffs[origin.ahead] for origin in origins])


def _score_all(
    training_set: TrainingSet, numbers: OrderNumbers, origins: list[Origin], fits: list[_Fits]
) -> Mapping[str, Floats]:
    """Return every model's score of every row that lies ahead of an origin, NaN elsewhere."""
    rows = len(numbers.silence)
    scores = {OURS: np.full(rows, np.nan), REFERENCE: np.full(rows, np.nan), RFM: np.full(rows, np.nan)}
    for origin, fit in zip(origins, fits, strict=True):
        ahead = np.isin(training_set.labels.rows.cutoff, origin.slices.cutoffs[origin.ahead])
        values = training_set.values[ahead]
        scores[OURS][ahead] = fit.ours.probability(values)
        scores[REFERENCE][ahead] = fit.reference.probability(values[:, fit.reference_columns])
        scores[RFM][ahead] = fit.rfm_score[ahead]
    return {**scores, **{name: rule(numbers) for name, rule in RULES.items()}}
