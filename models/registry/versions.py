"""Registered versions of the model, by number or alias, with their bundles."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from kqml.contract.fields import Moment, PositiveInteger
from kqml.errors import BadUse, CouldNot, Fault
from models.churn.bundle import Bundle, load_bundle
from models.churn.checksummed_folder import read_checksummed
from models.churn.grade import Grade
from models.registry.client import MODEL, RegistryClient, connect_registry

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

BUNDLE_IN_MODEL = Path("artifacts", "bundle")
"""Where a bundle lies inside a logged pyfunc model."""


@dataclass(frozen=True)
class Version:
    """One registered version. `registered_at`: ISO instant UTC. `source`: where its artifacts are. `bundle`: the
    fingerprint of its bundle, `dataset`: of the data it was trained on."""

    number: PositiveInteger
    grade: Grade
    aliases: tuple[str, ...]
    registered_at: Moment
    run_id: str
    source: str
    bundle: str
    dataset: str


def list_versions(registry: RegistryClient) -> list[Version]:
    """Return every version, newest first; empty when nothing was ever trained."""
    with connect_registry(registry) as client:
        result = client.search_model_versions(f"name='{MODEL}'", max_results=10_000)
        aliases = aliases_of(client)
        versions = [_version(item, aliases) for item in result]
    return sorted(versions, key=lambda version: -version.number)


def find_version(registry: RegistryClient, wanted: str) -> Version:
    """Return the version of a number or an alias. Raises BadUse where there is none."""
    versions = list_versions(registry)
    for version in versions:
        if wanted in (str(version.number), *version.aliases):
            return version
    known = ", ".join(str(version.number) for version in versions) or "none: run `kqml train` first"
    todo = f"versions: {known}" + ("" if wanted.isdecimal() else "; `kqml promote VERSION` gives one an alias")
    raise BadUse(f"The model has no version {wanted}.", [Fault("version", f"{wanted!r}", todo)])


def champion(registry: RegistryClient) -> Version | None:
    """Return the version with the alias `champion`, if any."""
    with connect_registry(registry) as client:
        aliases = aliases_of(client)
        number = next((number for number, names in aliases.items() if "champion" in names), None)
        return None if number is None else _version(client.get_model_version(MODEL, str(number)), aliases)


def read_metrics(registry: RegistryClient, versions: Sequence[Version]) -> dict[int, dict[str, float]]:
    """Return the metrics of each version's run by version number, without the versions whose run was purged."""
    metrics = {}
    with connect_registry(registry) as client:
        for version in versions:
            run = find_run(client, version.run_id)
            if run is not None:
                metrics[version.number] = dict(run.data.metrics)
    return metrics


def bundle_folder(registry: RegistryClient, version: Version) -> Path:
    """Return a local folder with the version's bundle: the artifact itself where it is local, else a downloaded
    copy."""
    return _local_folder(registry, version) or _downloaded(registry, version)


def read_bundle(registry: RegistryClient, version: Version) -> Bundle:
    """Return the version's bundle. Raises CouldNot where it is broken, or another one than was registered."""
    return load_bundle(bundle_folder(registry, version), version.bundle)


def check_bundle(registry: RegistryClient, version: Version) -> Bundle:
    """Return the same as `read_bundle`, and keep no downloaded copy."""
    folder = _local_folder(registry, version)
    if folder is not None:
        return load_bundle(folder, version.bundle)
    with TemporaryDirectory(prefix="kqml-bundle-") as temporary:
        return load_bundle(_download(registry, version, Path(temporary)), version.bundle)


def holds_bundle(folder: Path, fingerprint: str) -> bool:
    """Return whether the folder holds the bundle of that fingerprint. A manifest that was rewritten to fit changed
    files has another one."""
    try:
        return read_checksummed(folder)[1] == fingerprint
    except CouldNot:
        return False


def recorded_artifacts(registry: RegistryClient) -> Path | None:
    """Return the local folder of artifacts that the registry itself has written down; None where there is none."""
    with connect_registry(registry) as client:
        experiment = client.get_experiment_by_name(MODEL)
    location = "" if experiment is None else str(experiment.artifact_location).removeprefix("file://")
    return Path(location) if location.startswith("/") else None


def aliases_of(client: "MlflowClient") -> dict[int, tuple[str, ...]]:
    """Aliases by version number; searching versions does not return them."""
    models = client.search_registered_models(f"name='{MODEL}'")
    by_number: dict[int, tuple[str, ...]] = {}
    for alias, number in sorted(models[0].aliases.items()) if models else []:
        by_number[int(number)] = (*by_number.get(int(number), ()), alias)
    return by_number


def _version(item: "ModelVersion", aliases: dict[int, tuple[str, ...]]) -> Version:
    return Version(
        number=int(item.version),
        grade=Grade(item.tags.get("grade", Grade.UNGRADED)),
        aliases=aliases.get(int(item.version), ()),
        registered_at=datetime.fromtimestamp(item.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
        run_id=item.run_id or "",
        source=item.tags.get("artifacts") or item.source or "",
        bundle=item.tags.get("bundle", ""),
        dataset=item.tags.get("dataset", ""),
    )


def find_run(client: "MlflowClient", run_id: str) -> "Run | None":
    """Return a run, deleted or not; None once `mlflow gc` has purged it."""
    from mlflow.exceptions import MlflowException

    if not run_id:
        return None
    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


def _local_folder(registry: RegistryClient, version: Version) -> Path | None:
    """Return the folder of the bundle on this machine; None where a server has it.

    A moved or copied home has the folder below it, though the registry still names the place of the training. So the
    end of the recorded path is looked for below the home first. Raises CouldNot where the folder is nowhere.
    """
    recorded = Path(version.source.removeprefix("file://")) / BUNDLE_IN_MODEL
    parts = recorded.parts[1:]
    at_home = (registry.artifacts.joinpath(*parts[start:]) for start in range(len(parts) - len(BUNDLE_IN_MODEL.parts)))
    for folder in (*at_home, recorded):
        if folder.is_dir():
            return folder
    if registry.is_server:
        return None
    todo = "move the artifacts there, restore a backup with `kqml restore`, or promote another version"
    why = f"neither the folder nor its end below {registry.artifacts} exists"
    raise CouldNot(f"The bundle of version {version.number} does not exist.", [Fault(str(recorded), why, todo)])


def _downloaded(registry: RegistryClient, version: Version) -> Path:
    """Return a copy that is kept, because a version never changes; a damaged one is downloaded again."""
    retained = registry.artifacts / "downloaded" / f"{version.number}-{version.bundle[:12]}"
    if holds_bundle(retained, version.bundle):
        return retained
    try:
        shutil.rmtree(retained, ignore_errors=True)
        retained.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=retained.parent) as folder:
            _download(registry, version, Path(folder)).rename(retained)
    except OSError as error:
        raise CouldNot(f"The bundle of version {version.number} cannot be kept at {retained}: {error}.") from error
    return retained


def _download(registry: RegistryClient, version: Version, folder: Path) -> Path:
    with connect_registry(registry):
        from mlflow.artifacts import download_artifacts

        remote = f"{version.source}/{BUNDLE_IN_MODEL.as_posix()}"
        return Path(download_artifacts(artifact_uri=remote, dst_path=str(folder), tracking_uri=registry.uri))
