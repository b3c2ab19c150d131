"""Train a churn model: grade the procedure, fit it on every mature cutoff, register it as a version."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from features.catalog import catalog, catalog_fingerprint
from kqml.calendar.business_time import moment_of
from kqml.contract.fields import NumberOrNaN, PositiveInteger
from kqml.dataset.folder import Dataset
from kqml.history.mass_departures import find_mass_departures, spans_of
from kqml.playbook import Playbook
from kqml.settings import Settings
from models.churn.bundle import save_bundle
from models.churn.label_audit.advice import on_departure
from models.churn.label_audit.report import advice_text
from models.churn.leakage import SUSPICIOUS_AUC, LeakageSuspect
from models.churn.training_pipeline import FittedModelInfo, TrainedChurn, TrainingPlan, build_peer_reference, train
from models.churn.tuning import TunedParameters
from models.registry.aliases import PROMOTABLE
from models.registry.client import RegistryClient
from models.registry.training import TrainingRecord, log_training, require_experiment
from models.registry.versions import Version
from serve.usecases.chart_files import ChartFiles, draw_evaluation
from serve.usecases.churn_evaluation import EvaluationResult, evaluation_fields
from serve.usecases.churn_request import ChurnRequest
from serve.usecases.model_registry import registry_client
from serve.usecases.plain_values import to_json
from serve.usecases.training_inputs import TrainingInputs, read_training_inputs

PROMOTABLE_GRADES = PROMOTABLE
"""Grades that `promote_model` accepts."""

LEAKAGE_AUC = SUSPICIOUS_AUC
"""An AUC above this is flagged as a possible leak."""


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """A dataset with what churn means, the split, the seconds for tuning (None: no tuning), why a suspected
    leak is none ('' where nothing was said)."""

    dataset: Dataset
    churn: ChurnRequest
    playbook: Playbook
    test_share: float
    tune_seconds: float | None
    seed: int
    leak_explanation: str
    language: str


class LeakageFlags(TypedDict):
    """`models.churn.leakage.Leakage` with what follows from it."""

    auc: NumberOrNaN
    cost_of_all: NumberOrNaN
    suspects: tuple[LeakageSuspect, ...]
    explanation: str
    flagged: bool
    unexplained: bool


@dataclass(frozen=True, kw_only=True)
class TrainingResult(EvaluationResult):
    """The evaluation with the model that was fitted on everything, its leakage flags, the version it became.
    `label_warnings`: sentences on labels that a change in the data may have made."""

    model: FittedModelInfo
    leakage: LeakageFlags
    tuning: TunedParameters | None
    label_warnings: list[str]
    version: PositiveInteger


def train_model(
    request: TrainingRequest, settings: Settings, now: int, drawn: Callable[[ChartFiles], None] = lambda charts: None
) -> TrainingResult:
    """Back-test, grade, fit and register; the usage of the test block is recorded at home. `drawn` is called with
    the charts of the evaluation, which are kept with the version."""
    registry = registry_client(settings)
    require_experiment(registry)  # before the training, not after it
    inputs = read_training_inputs(request.dataset, request.churn.grid(settings.churn), request.playbook)
    plan = _plan(request, settings, now)
    trained = train(inputs.training_set, inputs.histories.log, inputs.histories.context, plan)
    reader = ("train", moment_of(now))
    fields = evaluation_fields(inputs, trained.backtest, trained.evaluation, settings.home, reader)
    fields |= {**_training_fields(trained), "label_warnings": _label_warnings(inputs, request.language)}
    with tempfile.TemporaryDirectory(prefix="kqml-train-") as folder:
        charts = draw_evaluation(trained.evaluation, Path(folder) / "figures", request.language)
        drawn(charts)
        record = _record(trained, fields, charts)
        version = _register(inputs, trained, record, Path(folder) / "bundle", registry)
    return TrainingResult(**fields, version=version.number)


def _label_warnings(inputs: TrainingInputs, language: str) -> list[str]:
    log, time_zone = inputs.histories.log, inputs.histories.context.time_zone
    departures = find_mass_departures(spans_of(log, time_zone), inputs.dataset.accounts())
    return [advice_text(on_departure(departure), language) for departure in departures]


def _plan(request: TrainingRequest, settings: Settings, now: int) -> TrainingPlan:
    return TrainingPlan(
        trained_at=moment_of(now).isoformat(),
        catalog_fingerprint=catalog_fingerprint(catalog(request.playbook)),
        playbook=request.playbook.version,
        bands=settings.bands,
        test_share=request.test_share,
        tune_seconds=request.tune_seconds,
        seed=request.seed,
        explanation=request.leak_explanation,
    )


def _training_fields(trained: TrainedChurn) -> dict[str, Any]:
    leakage = trained.leakage
    return {
        "model": dict(trained.model.info),
        "leakage": LeakageFlags(
            auc=leakage.auc,
            cost_of_all=leakage.cost_of_all,
            suspects=leakage.suspects,
            explanation=leakage.explanation,
            flagged=leakage.flagged,
            unexplained=leakage.unexplained,
        ),
        "tuning": trained.tuned,
    }


def _register(
    inputs: TrainingInputs, trained: TrainedChurn, record: TrainingRecord, bundle: Path, registry: RegistryClient
) -> Version:
    rows = inputs.training_set
    peers = build_peer_reference(inputs.dataset, rows.definition, catalog(inputs.playbook), rows.cutoffs)
    save_bundle(bundle, trained.model, inputs.dataset.info, rows.values, peers, inputs.playbook)
    return log_training(registry, bundle, record)


def _record(trained: TrainedChurn, fields: Mapping[str, Any], charts: ChartFiles) -> TrainingRecord:
    columns = {"features": [feature.column for feature in catalog()]}
    return TrainingRecord(
        params={**trained.params, **_leakage_params(trained)},
        metrics={**_metrics(trained), "test_set_usage": fields["test_set_usage"].times},
        figures={Path(path).stem: Path(path) for path in charts.files},
        files={"evaluation.json": to_json(fields), "catalog.json": to_json(columns)},
    )


def _leakage_params(trained: TrainedChurn) -> dict[str, object]:
    leakage = trained.leakage
    return {
        "leakage.flagged": leakage.flagged,
        "leakage.unexplained": leakage.unexplained,
        "leakage.explanation": leakage.explanation or "-",
    }


def _metrics(trained: TrainedChurn) -> dict[str, float]:
    """Our numbers on the test block that exist."""
    row = trained.evaluation.overall()
    grading = trained.evaluation.grading
    numbers = {name: value for name, value in row.items() if isinstance(value, int | float)}
    numbers |= {"gain": grading.gain, "gain_low": grading.gain_low, "gain_high": grading.gain_high}
    return {f"test.{name}": float(value) for name, value in numbers.items() if value == value}
