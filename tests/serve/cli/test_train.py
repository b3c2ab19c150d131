"""`kqml train` from the outside: a graded version in the registry, JSON by its schema."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from small_world import write_small_world
from typer.testing import CliRunner

from kqml.__main__ import create_app
from models.churn.bundle import load_bundle
from models.registry.client import RegistryClient
from models.registry.versions import bundle_folder, find_version

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "train.json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "small"
    write_small_world(path, accounts=120, weeks=90)
    return path


def test_a_training_becomes_a_version_with_everything_needed_to_repeat_it(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KQML_HOME", raising=False)
    asked = ("--horizon", "42", "--gap", "7", "--every", "28", "--explain-leak", "made up")
    done = CliRunner().invoke(create_app(), ["train", str(folder), *asked, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(found)
    registry = RegistryClient(f"sqlite:///{tmp_path / '.kqml' / 'mlflow.db'}", tmp_path / ".kqml" / "artifacts")
    version = find_version(registry, str(found["version"]))
    bundle = load_bundle(bundle_folder(registry, version))
    assert bundle.model.grade == found["grade"]["grade"] == "ungraded"
    assert bundle.model.definition.gap == 7
    assert bundle.model.info == found["model"]
    assert bundle.model.base_rate == pytest.approx(found["model"]["churned"] / found["model"]["rows"])
    assert found["leakage"]["explanation"] == "made up"
    assert {path.name for path in tmp_path.iterdir()} == {".kqml"}
