"""Training: the procedure measured on a test block, then fitted on all mature cutoffs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from typing_extensions import TypedDict

from features.churn_definition import ChurnDefinition
from features.context import Context, context_of
from features.cutoffs import default_cutoff
from features.definitions import Feature
from features.eligibility import eligible_rows
from features.engine import build_reference
from features.peers import PeerReference
from features.plan import compile_plan
from features.profile import cells_of, profile_of
from features.training_set import TrainingSet
from kqml.calendar.business_time import Instants, moment_of
from kqml.contract.fields import Count, Moment
from kqml.dataset.folder import Dataset
from kqml.history.event_log import EventLog
from kqml.settings import BandSettings
from models.churn.backtest import Backtest, BacktestPlan, run_backtest
from models.churn.boosting import Parameters
from models.churn.calibration import CalibrationKind
from models.churn.churn_model import ChurnModel
from models.churn.evaluation import ChurnEvaluation, evaluate
from models.churn.examples import Examples, training_examples
from models.churn.fitting import FittedChurn, fit_churn
from models.churn.leakage import Leakage, check_leakage
from models.churn.scored_rows import OURS
from models.churn.splits import Slices, inner_slices, split_cutoffs
from models.churn.tuning import TunedParameters, tune


@dataclass(frozen=True)
class TrainingPlan:
    """How to train. `tune_seconds`: Optuna's budget, None for the default parameters. `trained_at`: ISO instant.

    `explanation`: what the person who trains says about leakage flags, "" for nothing. `playbook`: the version of the
    one by whose rules the features were built.
    """

    trained_at: str
    catalog_fingerprint: str
    bands: BandSettings = field(default_factory=BandSettings)
    test_share: float = 0.25
    tune_seconds: float | None = None
    seed: int = 0
    explanation: str = ""
    playbook: str = ""


@dataclass(frozen=True)
class TrainedChurn:
    """A model fitted on all mature cutoffs, with what its procedure did on the test block before."""

    model: ChurnModel
    evaluation: ChurnEvaluation
    backtest: Backtest
    leakage: Leakage
    tuned: TunedParameters | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grade(self) -> str:
        return self.model.grade


def train(training_set: TrainingSet, log: EventLog, context: Context, plan: TrainingPlan) -> TrainedChurn:
    """Back-tests the procedure, grades it, checks for leakage, then fits on every mature cutoff.

    Deterministic for a seed, but for how many trials a tuning budget allows. The test block is read once.
    Raises Refused when no cutoff is left to train on.
    """
    examples = training_examples(training_set)
    tuned = _tuned(examples, plan)
    parameters = tuned.parameters if tuned else Parameters()
    assessment = BacktestPlan(plan.test_share, None, parameters, plan.seed)
    backtest = run_backtest(training_set, log, context, assessment)
    evaluation = evaluate(backtest, training_set.definition, context.time_zone, plan.seed)
    cost, suspects = check_leakage(examples, backtest.slices, backtest.fitted, parameters, plan.seed)
    final, slices = _fit_on_all(examples, parameters, plan.seed)
    info = _info(examples, slices, final, parameters, plan.seed) | {"playbook": plan.playbook}
    return TrainedChurn(
        model=_model(training_set, examples, final, plan, evaluation.grading.grade.value, info),
        evaluation=evaluation,
        backtest=backtest,
        leakage=Leakage(evaluation.overall(OURS)["auc"], cost, suspects, plan.explanation),
        tuned=tuned,
        params=_flat(info, tuned),
    )


def _tuned(examples: Examples, plan: TrainingPlan) -> TunedParameters | None:
    if plan.tune_seconds is None:
        return None
    slices = split_cutoffs(*examples.cutoffs(), plan.test_share)
    return tune(examples, slices, plan.tune_seconds, plan.seed)


def _fit_on_all(examples: Examples, parameters: Parameters, seed: int) -> tuple[FittedChurn, Slices]:
    cutoffs, matures = examples.cutoffs()
    slices = inner_slices(cutoffs, matures, np.ones(len(cutoffs), dtype=np.bool_))
    return fit_churn(examples, slices, parameters, seed), slices


def _model(
    training_set: TrainingSet,
    examples: Examples,
    fitted: FittedChurn,
    plan: TrainingPlan,
    grade: str,
    info: Mapping[str, Any],
) -> ChurnModel:
    return ChurnModel(
        booster=fitted.booster,
        numeric_columns=training_set.columns,
        categories=training_set.categories,
        calibration=fitted.calibration,
        definition=training_set.definition,
        base_rate=float(examples.churned.mean()),
        bands=plan.bands,
        grade=grade,
        catalog_fingerprint=plan.catalog_fingerprint,
        trained_at=plan.trained_at,
        info=info,
    )


class FittedModelInfo(TypedDict):
    """How the model was fitted on every mature cutoff."""

    rows: Count
    churned: Count
    cutoffs: Count
    first_cutoff: Moment
    last_cutoff: Moment
    short_timeline: bool
    rounds: Count
    calibration: CalibrationKind
    calibration_rows: Count
    calibration_churned: Count
    parameters: Parameters
    seed: int
    playbook: str


def _info(examples: Examples, slices: Slices, fitted: FittedChurn, parameters: Parameters, seed: int) -> dict[str, Any]:
    cutoffs = slices.cutoffs
    return {
        "rows": len(examples),
        "churned": int(examples.churned.sum()),
        "cutoffs": len(cutoffs),
        "first_cutoff": moment_of(int(cutoffs[0])).isoformat(),
        "last_cutoff": moment_of(int(cutoffs[-1])).isoformat(),
        "short_timeline": slices.short,
        "rounds": fitted.rounds,
        "calibration": fitted.calibration.as_json()["kind"],
        "calibration_rows": len(fitted.evidence.churned),
        "calibration_churned": int(fitted.evidence.churned.sum()),
        "parameters": asdict(parameters),
        "seed": seed,
    }


def _flat(info: Mapping[str, Any], tuned: TunedParameters | None) -> dict[str, Any]:
    """Return the parameters of a run: everything that repeats it."""
    flat = {name: value for name, value in info.items() if name != "parameters"}
    flat |= {f"lightgbm.{name}": value for name, value in info["parameters"].items()}
    if tuned is not None:
        flat |= {"tuning.trials": tuned.trials, "tuning.log_loss": tuned.log_loss}
    return flat


def build_peer_reference(
    dataset: Dataset, definition: ChurnDefinition, features: Sequence[Feature], cutoffs: Instants
) -> PeerReference:
    """Return the means over the eligible accounts at each of `cutoffs` (those of the training) and at the dataset's
    end."""
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    instants = np.unique(np.append(cutoffs, default_cutoff(log, dataset.info.time_zone)))
    rows = eligible_rows(log, context, definition, instants)
    cells = cells_of(profile_of(dataset, rows), len(rows))
    return build_reference(log, rows, compile_plan(features), context, cells)
