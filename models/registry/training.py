"""Training runs in MLflow: parameters, metrics and the bundle, registered as a new version."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from kqml.errors import CouldNot, Fault
from models.churn.bundle import Bundle, load_bundle
from models.registry.client import MODEL, RegistryClient, connect_registry, wait_for_uploads
from models.registry.moving import move_addresses
from models.registry.versions import BUNDLE_IN_MODEL, Version, find_run, find_version, recorded_artifacts

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

PYFUNC = Path(__file__).with_name("pyfunc_model.py")
REQUIREMENTS = ("lightgbm", "mlflow", "numpy", "pandas")
"""All that the pyfunc imports; versions are pinned to those of the training environment."""


@dataclass(frozen=True)
class TrainingRecord:
    """What a run says beside its model: figures by name → file, texts by file name → content."""

    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, Path] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def log_training(registry: RegistryClient, bundle: Path, record: TrainingRecord) -> Version:
    """Log the run and register its bundle as the next version of `kqml`, without any alias."""
    loaded = load_bundle(bundle)
    _bring_addresses_home(registry)
    with connect_registry(registry) as client, TemporaryDirectory(prefix="kqml-model-") as folder:
        # MLflow keeps the folder's name.
        named = shutil.copytree(bundle, Path(folder) / BUNDLE_IN_MODEL.name)
        saved = _save_pyfunc(named, loaded, Path(folder) / "model")
        with _run(client, registry, loaded) as run_id, wait_for_uploads():
            _log_record(client, run_id, loaded, record)
            logged = _log_model(client, run_id, saved)
            number = _register(client, registry, loaded, run_id, logged)
    return find_version(registry, number)


def require_experiment(registry: RegistryClient) -> None:
    """Raise CouldNot where new versions cannot be logged: the registry does not answer, its experiment was deleted."""
    if registry.is_server or (registry.file is not None and registry.file.exists()):
        with connect_registry(registry) as client:
            _active_experiment(client)


def _bring_addresses_home(registry: RegistryClient) -> None:
    """Rewrite the addresses of a registry that was moved or copied with its home: nothing is written to the old one."""
    if registry.file is None or not registry.is_at_home:
        return
    recorded, home = recorded_artifacts(registry), registry.artifacts.absolute()
    if recorded is not None and recorded.name == home.name:
        move_addresses(registry.file, str(recorded), str(home))


@contextmanager
def _run(client: "MlflowClient", registry: RegistryClient, bundle: Bundle) -> Iterator[str]:
    """A run that ends FINISHED, or FAILED where the block does."""
    run = client.create_run(_experiment(client, registry), run_name=f"{bundle.model.grade} {bundle.model.trained_at}")
    run_id = str(run.info.run_id)
    try:
        yield run_id
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id)


def _log_record(client: "MlflowClient", run_id: str, bundle: Bundle, record: TrainingRecord) -> None:
    from mlflow.entities import Metric, Param, RunTag

    at = int(datetime.fromisoformat(bundle.model.trained_at).timestamp() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(key, float(number), at, 0) for key, number in record.metrics.items() if np.isfinite(number)],
        params=[Param(key, str(value)) for key, value in _params(bundle, record).items()],
        tags=[RunTag(key, value) for key, value in _tags(bundle).items()],
    )
    for file in record.figures.values():
        client.log_artifact(run_id, str(file), "figures")
    for name, content in record.files.items():
        client.log_text(run_id, content, name)


def log_effects(registry: RegistryClient, number: int, metrics: Mapping[str, float], report: str) -> None:
    """Log a report on effects with the run of a version: numbers as metrics, the report as the artifact
    `effects.json`; a later report replaces it, earlier metrics stay in their history. Raises CouldNot where the run
    was deleted."""
    from mlflow.entities import Metric

    run_id, at = find_version(registry, str(number)).run_id, int(datetime.now(UTC).timestamp() * 1000)
    with connect_registry(registry) as client:
        _require_run(client, run_id, number)
        client.log_batch(run_id, metrics=[Metric(key, value, at, 0) for key, value in metrics.items()])
        client.log_text(run_id, report, "effects.json")


def _require_run(client: "MlflowClient", run_id: str, number: int) -> None:
    run = find_run(client, run_id)
    if run is None or run.info.lifecycle_stage != "active":
        todo = "restore it with `mlflow runs restore`, or train and promote a new version"
        raise CouldNot(
            f"The MLflow run of version {number} was deleted. Reports cannot be logged with it.",
            [Fault("run", run_id, todo)],
        )


def _experiment(client: "MlflowClient", registry: RegistryClient) -> str:
    known = _active_experiment(client)
    if known is not None:
        return known
    location = None if registry.is_server else str(registry.artifacts.absolute())
    return str(client.create_experiment(MODEL, artifact_location=location))


def _active_experiment(client: "MlflowClient") -> str | None:
    result = client.get_experiment_by_name(MODEL)
    if result is not None and result.lifecycle_stage != "active":
        todo = f"restore it with `mlflow experiments restore --experiment-id {result.experiment_id}`"
        raise CouldNot(
            f"The MLflow experiment {MODEL} was deleted. New versions cannot be logged.",
            [Fault("experiment", str(result.experiment_id), todo)],
        )
    return None if result is None else str(result.experiment_id)


def _params(bundle: Bundle, record: TrainingRecord) -> dict[str, object]:
    definition = {f"churn.{name}": value for name, value in asdict(bundle.model.definition).items()}
    return {**definition, "features": len(bundle.model.columns), **record.params}


def _tags(bundle: Bundle) -> dict[str, str]:
    return {
        "grade": bundle.model.grade,
        "dataset": bundle.dataset.fingerprint,
        "catalog": bundle.model.catalog_fingerprint,
        "bundle": bundle.fingerprint,
    }


def _save_pyfunc(bundle: Path, loaded: Bundle, folder: Path) -> Path:
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    numbers = [ColSpec(DataType.double, column) for column in loaded.model.numeric_columns]
    texts = [ColSpec(DataType.string, column, required=False) for column in loaded.model.categories]
    mlflow.pyfunc.save_model(
        str(folder),
        python_model=str(PYFUNC),
        artifacts={"bundle": str(bundle)},
        signature=ModelSignature(Schema([*numbers, *texts]), Schema([ColSpec(DataType.double, "churn_probability")])),
        pip_requirements=_pinned(),
    )
    return folder


def _pinned() -> list[str]:
    return [f"{name}=={version(name)}" for name in REQUIREMENTS]


def _log_model(client: "MlflowClient", run_id: str, saved: Path) -> "LoggedModel":
    from mlflow.entities import LoggedModelOutput

    experiment = client.get_run(run_id).info.experiment_id
    logged = client.create_logged_model(experiment, name=MODEL, source_run_id=run_id)
    client.log_model_artifacts(logged.model_id, str(saved))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, 0)])
    return logged


def _register(
    client: "MlflowClient", registry: RegistryClient, bundle: Bundle, run_id: str, logged: "LoggedModel"
) -> str:
    if not client.search_registered_models(f"name='{MODEL}'"):
        client.create_registered_model(MODEL, description="kqml: churn, calibrated, graded, explained")
    # MLflow resolves `models:/…` through its global address, which may be another one; a path needs no resolving.
    source = f"models:/{logged.model_id}" if registry.is_server else logged.artifact_location
    tags = {**_tags(bundle), "artifacts": logged.artifact_location}
    created = client.create_model_version(MODEL, source, run_id=run_id, tags=tags, model_id=logged.model_id)
    return str(created.version)
