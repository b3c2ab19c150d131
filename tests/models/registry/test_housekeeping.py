"""What people do to a registry: runs are deleted and purged, homes are moved and copied, servers hang."""

import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_model import NO_PEERS, small_model, small_rows

from kqml.dataset.folder import DatasetInfo
from kqml.errors import CouldNot
from kqml.settings import Settings
from models.churn.bundle import save_bundle
from models.registry.aliases import SignedMove, promote, rollback
from models.registry.client import RegistryClient, connect_registry
from models.registry.moving import move_addresses
from models.registry.training import TrainingRecord, log_effects, log_training, require_experiment
from models.registry.versions import (
    Version,
    bundle_folder,
    champion,
    check_bundle,
    find_version,
    read_bundle,
    recorded_artifacts,
)
from serve.operations.doctor.model import check_registry
from serve.usecases.list_models import list_models

SIGNED = SignedMove("li.na", "better", datetime(2024, 3, 1, tzinfo=UTC))


def trained(registry: RegistryClient, tmp_path: Path) -> Version:
    folder = tmp_path / f"bundle-{len(list(tmp_path.glob('bundle-*')))}"
    save_bundle(folder, small_model(grade="A"), DatasetInfo(fingerprint="d" * 64), small_rows(), NO_PEERS)
    return log_training(registry, folder, TrainingRecord(metrics={"test.auc": 0.91}))


def test_a_deleted_experiment_is_named_with_the_way_to_restore_it(registry: RegistryClient, tmp_path: Path) -> None:
    require_experiment(registry)  # nothing there yet
    trained(registry, tmp_path)
    require_experiment(registry)
    with connect_registry(registry) as client:
        number = client.get_experiment_by_name("kqml").experiment_id
        client.delete_experiment(number)

    for refused in (lambda: require_experiment(registry), lambda: trained(registry, tmp_path)):
        with pytest.raises(
            CouldNot, match=r"(?s)experiment kqml was deleted.*experiments restore --experiment-id " + number
        ):
            refused()
    with connect_registry(registry) as client:
        client.restore_experiment(number)
    assert trained(registry, tmp_path).number == 2


@pytest.fixture
def two_champions(registry: RegistryClient, tmp_path: Path) -> RegistryClient:
    """Two versions, promoted one after the other."""
    for _ in range(2):
        promote(registry, str(trained(registry, tmp_path).number), SIGNED)
    return registry


def purge_run(registry: RegistryClient, number: int) -> None:
    """What `mlflow runs delete` with `mlflow gc` does to the database."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    run_id = find_version(registry, str(number)).run_id
    with connect_registry(registry) as client:
        client.delete_run(run_id)
    SqlAlchemyStore(registry.uri, str(registry.artifacts))._hard_delete_run(run_id)


def test_a_purged_run_takes_only_the_metrics_of_its_version(two_champions: RegistryClient, tmp_path: Path) -> None:
    purge_run(two_champions, 1)
    settings = Settings(home=tmp_path / "home", mlflow_uri=two_champions.uri)
    listed = {version.number: version.metrics for version in list_models(settings).versions}
    assert listed == {2: {"test.auc": 0.91}, 1: None}
    assert read_bundle(two_champions, find_version(two_champions, "1")).model.grade == "A"
    assert rollback(two_champions, SIGNED).after == 1
    assert promote(two_champions, "2", SIGNED).after == 2
    holder = champion(two_champions)
    assert holder is not None
    assert holder.number == 2


def test_a_deleted_run_keeps_its_metrics_but_takes_no_report(two_champions: RegistryClient, tmp_path: Path) -> None:
    with connect_registry(two_champions) as client:
        client.delete_run(find_version(two_champions, "2").run_id)
    settings = Settings(home=tmp_path / "home", mlflow_uri=two_champions.uri)
    assert list_models(settings).versions[0].metrics == {"test.auc": 0.91}
    with pytest.raises(CouldNot, match="run of version 2 was deleted"):
        log_effects(two_champions, 2, {"effect": 1.0}, "{}")


def test_a_rollback_to_a_version_without_bundle_moves_nothing(two_champions: RegistryClient) -> None:
    shutil.rmtree(bundle_folder(two_champions, find_version(two_champions, "1")))
    with pytest.raises(CouldNot, match="bundle of version 1 does not exist"):
        rollback(two_champions, SIGNED)
    holder = champion(two_champions)
    assert holder is not None
    assert holder.number == 2


def at(home: Path) -> RegistryClient:
    return RegistryClient(f"sqlite:///{home / 'mlflow.db'}", home / "artifacts")


def test_a_moved_home_is_read_where_it_is_now(two_champions: RegistryClient, tmp_path: Path) -> None:
    (tmp_path / "home").rename(tmp_path / "moved")
    moved = at(tmp_path / "moved")
    assert bundle_folder(moved, find_version(moved, "champion")).is_relative_to(tmp_path / "moved")
    assert read_bundle(moved, find_version(moved, "1")).model.grade == "A"
    assert promote(moved, "1", SIGNED).after == 1


def test_a_copied_home_neither_reads_nor_writes_the_original(two_champions: RegistryClient, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    before = sorted((tmp_path / "home").rglob("*"))
    copy = at(tmp_path / "copy")
    assert bundle_folder(copy, find_version(copy, "2")).is_relative_to(tmp_path / "copy")
    version = trained(copy, tmp_path)
    assert Path(version.source).is_relative_to(tmp_path / "copy")
    assert recorded_artifacts(copy) == tmp_path / "copy" / "artifacts"
    assert sorted((tmp_path / "home").rglob("*")) == before


def test_a_folder_of_a_similar_name_keeps_its_address(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as database, database:
        database.execute("CREATE TABLE runs (uri VARCHAR)")
        rows = [("/a/artifacts",), ("/a/artifacts/1",), ("file:///a/artifacts/2",), ("/a/artifacts-2/3",)]
        database.executemany("INSERT INTO runs VALUES (?)", rows)
    assert move_addresses(tmp_path / "x.db", "/a/artifacts", "/b/artifacts") == 3
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        moved = [uri for (uri,) in database.execute("SELECT uri FROM runs")]
    assert moved == ["/b/artifacts", "/b/artifacts/1", "file:///b/artifacts/2", "/a/artifacts-2/3"]


def test_the_doctor_names_a_home_whose_registry_names_another(filled: RegistryClient) -> None:
    promote(filled, "1", SIGNED)
    result, champion = check_registry(filled)
    assert champion is not None
    assert (result.state, result.message, champion.number) == ("warning", "moved", 1)


def test_the_doctor_names_a_deleted_experiment(filled: RegistryClient) -> None:
    promote(filled, "1", SIGNED)
    with connect_registry(filled) as client:
        client.delete_experiment(client.get_experiment_by_name("kqml").experiment_id)
    result, champion = check_registry(filled)
    assert champion is not None
    assert (result.state, result.message, champion.number) == ("warning", "no_new_versions", 1)
    assert "experiments restore" in str(result.values["why"])


def test_the_doctor_reads_the_bundle_of_the_champion(two_champions: RegistryClient, tmp_path: Path) -> None:
    (tmp_path / "home").rename(tmp_path / "moved")
    moved = at(tmp_path / "moved")
    shutil.rmtree(bundle_folder(moved, find_version(moved, "2")))
    result, champion = check_registry(moved)
    assert champion is not None
    assert (result.state, result.message, champion.number) == ("failed", "unreadable", 2)
    assert "kqml restore" in str(result.values["why"])


@pytest.fixture
def hanging_server() -> Iterator[str]:
    """A server that accepts and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_server_that_never_answers_is_given_up_soon(
    hanging_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.delenv(name, raising=False)
    registry = RegistryClient(hanging_server, tmp_path / "artifacts")
    started = time.monotonic()
    with pytest.raises(CouldNot, match=f"{hanging_server}.*timed out"):
        find_version(registry, "champion")
    assert time.monotonic() - started < 30, "two tries of four seconds; MLflow's own limits are minutes"


def test_a_bundle_is_checked_without_a_copy_that_stays(two_champions: RegistryClient, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert check_bundle(two_champions, find_version(two_champions, "1")).model.grade == "A"
    assert sorted(tmp_path.rglob("*")) == before
