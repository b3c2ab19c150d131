"""Fixtures of whatever tests the registry: a database of one's own, a small company with two models."""

import shutil
from pathlib import Path

import pytest
from small_company import SmallCompany, shared_small_company

from models.registry.client import RegistryClient, connect_registry
from models.registry.training import TrainingRecord, log_training


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow database; making one takes seconds, so it is made once and copied."""
    folder = tmp_path_factory.mktemp("mlflow")
    with connect_registry(RegistryClient(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts")) as client:
        client.search_registered_models()
    return folder / "mlflow.db"


@pytest.fixture
def registry(empty_registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegistryClient:
    """A registry of one's own at `home`; the working folder is empty, so that whatever is written there shows."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    (tmp_path / "home").mkdir()
    shutil.copy(empty_registry, tmp_path / "home" / "mlflow.db")
    return RegistryClient(f"sqlite:///{tmp_path / 'home' / 'mlflow.db'}", tmp_path / "home" / "artifacts")


@pytest.fixture(scope="session")
def company() -> SmallCompany:
    """A small company with two models."""
    return shared_small_company()


@pytest.fixture(scope="session")
def two_versions(empty_registry: Path, company: SmallCompany, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with the company's two models as versions of grade B; their artifacts are shared."""
    folder = tmp_path_factory.mktemp("versions")
    shutil.copy(empty_registry, folder / "mlflow.db")
    registry = RegistryClient(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts")
    for bundle in company.bundles:
        log_training(registry, bundle, TrainingRecord(metrics={"test.auc": 0.875}))
    return folder / "mlflow.db"


@pytest.fixture
def filled(registry: RegistryClient, two_versions: Path, tmp_path: Path) -> RegistryClient:
    """A registry of one's own with two versions; their artifacts are not to be touched."""
    shutil.copy(two_versions, tmp_path / "home" / "mlflow.db")
    return registry
