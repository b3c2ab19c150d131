"""`kqml train`: a model fitted on everything mature, judged on a test block, registered as a version."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.settings import Settings, read_settings
from serve.cli.backtest import Seed, TestShare, draw_evaluation, evaluation_json
from serve.cli.churn_options import ActiveWithin, ChurnFlags, Every, Gap, Horizon, MinOrders, PersonalK, Start
from serve.cli.database_option import DatabaseOption, open_source
from serve.cli.output import emit, progress, to_json
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force
from serve.cli.registry import registry_client
from serve.cli.training_inputs import TrainingInputs, read_training_inputs

if TYPE_CHECKING:
    from models.churn.training_pipeline import TrainedChurn, TrainingPlan
    from models.registry.training import TrainingRecord
    from models.registry.versions import Version


def run(  # noqa: PLR0913 - the flags of one command
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder, made by `kqml import`.")] = None,
    database: DatabaseOption = None,
    horizon: Horizon = None,
    gap: Gap = None,
    every: Every = None,
    start: Start = None,
    min_orders: MinOrders = None,
    active_within: ActiveWithin = None,
    personal_k: PersonalK = None,
    test_share: TestShare = 0.25,
    tune: Annotated[float | None, typer.Option(help="Seconds for Optuna, on cutoffs before the test block.")] = None,
    explain_leak: Annotated[str, typer.Option(help="Why what looks like a leak is none; kept with the run.")] = "",
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Back-tests the procedure, grades it, fits it on every mature cutoff, registers the model as a version.

    Each run reads the test block once more, and says how often that has happened.

    Example: kqml train data/iowa --gap 28 --tune 300
    """
    settings = read_settings()
    request = ChurnFlags(horizon, gap, every, start, min_orders, active_within, personal_k).asked(settings.churn)
    with open_source(dataset, database, settings) as source, progress("Training", None):
        material = read_training_inputs(source.folder, request, read_playbook_in_force(playbook, settings))
        trained = _train(material, _plan(material, settings, test_share, tune, seed, explain_leak))
        result = training_json(material, trained, settings)
        version = _register(material, trained, result, settings)
    _answer({**result, "version": version.number}, settings.language, as_json)


def _plan(
    material: TrainingInputs, settings: Settings, test_share: float, tune: float | None, seed: int, explanation: str
) -> "TrainingPlan":
    from features.catalog import catalog, catalog_fingerprint
    from models.churn.training_pipeline import TrainingPlan

    return TrainingPlan(
        trained_at=datetime.now(UTC).isoformat(),
        catalog_fingerprint=catalog_fingerprint(catalog(material.playbook)),
        playbook=material.playbook.version,
        bands=settings.bands,
        test_share=test_share,
        tune_seconds=tune,
        seed=seed,
        explanation=explanation,
    )


def _train(material: TrainingInputs, plan: "TrainingPlan") -> "TrainedChurn":
    from models.churn.training_pipeline import train

    return train(material.training_set, material.histories.log, material.histories.context, plan)


def training_json(material: TrainingInputs, trained: "TrainedChurn", settings: Settings) -> dict[str, Any]:
    """The evaluation of the test block, the model that was then fitted on everything, the flags of leakage."""
    from dataclasses import asdict

    leakage = trained.leakage
    return {
        **evaluation_json(material, trained.backtest, trained.evaluation, settings, "train"),
        "model": dict(trained.model.info),
        "leakage": {**asdict(leakage), "flagged": leakage.flagged, "unexplained": leakage.unexplained},
        "tuning": None if trained.tuned is None else asdict(trained.tuned),
    }


def _register(
    material: TrainingInputs, trained: "TrainedChurn", result: Mapping[str, Any], settings: Settings
) -> "Version":
    from features.catalog import catalog
    from models.churn.bundle import save_bundle
    from models.churn.peer_reference import build_peer_reference
    from models.registry.training import log_training

    registry = registry_client(settings)
    rows = material.training_set
    peers = build_peer_reference(material.dataset, rows.definition, catalog(material.playbook), rows.cutoffs)
    with tempfile.TemporaryDirectory(prefix="kqml-train-") as folder:
        bundle = Path(folder) / "bundle"
        save_bundle(bundle, trained.model, material.dataset.info, rows.values, peers, material.playbook)
        return log_training(registry, bundle, _record(trained, result, Path(folder) / "figures", settings.language))


def _record(trained: "TrainedChurn", result: Mapping[str, Any], figures: Path, language: str) -> "TrainingRecord":
    from models.registry.training import TrainingRecord

    randomised = draw_evaluation(trained.evaluation, figures, language)
    files = {Path(path).stem: Path(path) for path in randomised["files"]}
    readings = {"test_block_readings": result["test_block_readings"]["times"]}
    return TrainingRecord(
        params={**trained.params, **_leakage_params(trained)},
        metrics={**_metrics(trained), **readings},
        figures=files,
        files={"evaluation.json": to_json(result), "catalog.json": _catalog_json()},
    )


def _leakage_params(trained: "TrainedChurn") -> dict[str, object]:
    leakage = trained.leakage
    return {
        "leakage.flagged": leakage.flagged,
        "leakage.unexplained": leakage.unexplained,
        "leakage.explanation": leakage.explanation or "-",
    }


def _metrics(trained: "TrainedChurn") -> dict[str, float]:
    """Our numbers on the test block that exist."""
    row = trained.evaluation.overall()
    grading = trained.evaluation.grading
    numbers = {name: value for name, value in row.items() if isinstance(value, int | float)}
    numbers |= {"gain": grading.gain, "gain_low": grading.gain_low, "gain_high": grading.gain_high}
    return {f"test.{name}": float(value) for name, value in numbers.items() if value == value}


def _catalog_json() -> str:
    from features.catalog import catalog

    return to_json({"features": [feature.column for feature in catalog()]})


def _answer(result: Mapping[str, Any], language: str, as_json: bool) -> None:
    from serve.cli.training_tables import print_training

    emit(result, as_json, lambda console: print_training(console, result, language))
