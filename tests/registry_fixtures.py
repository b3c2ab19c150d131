"""Fixtures of whatever tests the registry: a store of one's own, a small company with two models."""

import shutil
from pathlib import Path

import pytest
from small_company import SmallCompany, make_small_company

from models.registry.client import RegistryStore, connected


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
def company(tmp_path_factory: pytest.TempPathFactory) -> SmallCompany:
    """A small company with two models."""
    return make_small_company(tmp_path_factory.mktemp("company"))
