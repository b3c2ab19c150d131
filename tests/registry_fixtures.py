"""Fixtures of whatever tests the registry: a store of one's own, a small company with two models."""

import shutil
from pathlib import Path

import pytest
from small_company import SmallCompany, shared_small_company

from models.registry.client import RegistryStore, connected
from models.registry.training import TrainingRecord, log_training


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow database; making one takes seconds, so it is made once and copied."""
    folder = tmp_path_factory.mktemp("mlflow")
    with connected(RegistryStore(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts")) as client:
        client.search_registered_models()
    return folder / "mlflow.db"


@pytest.fixture
def store(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegistryStore:
    """A registry of one's own at `home`; the working folder is empty, so that whatever is written there shows."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    (tmp_path / "home").mkdir()
    shutil.copy(empty_store, tmp_path / "home" / "mlflow.db")
    return RegistryStore(f"sqlite:///{tmp_path / 'home' / 'mlflow.db'}", tmp_path / "home" / "artifacts")


@pytest.fixture(scope="session")
def company() -> SmallCompany:
    """A small company with two models."""
    return shared_small_company()


@pytest.fixture(scope="session")
def two_versions(empty_store: Path, company: SmallCompany, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with the company's two models as versions of grade B; their artifacts are shared."""
    folder = tmp_path_factory.mktemp("versions")
    shutil.copy(empty_store, folder / "mlflow.db")
    store = RegistryStore(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts")
    for bundle in company.bundles:
        log_training(store, bundle, TrainingRecord(metrics={"test.auc": 0.875}))
    return folder / "mlflow.db"


@pytest.fixture
def filled(store: RegistryStore, two_versions: Path, tmp_path: Path) -> RegistryStore:
    """A registry of one's own with two versions; their artifacts are not to be touched."""
    shutil.copy(two_versions, tmp_path / "home" / "mlflow.db")
    return store
