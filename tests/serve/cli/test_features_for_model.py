"""`kqml features --model VERSION`, from the command to the probabilities of the version's MLflow model."""

import json
from pathlib import Path

import jsonschema_rs
import numpy as np
import pandas as pd
import pytest
from registry_fixtures import company, empty_registry, filled, registry, two_versions  # noqa: F401
from small_company import SmallCompany
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.calendar.business_time import moment_of
from models.registry.client import RegistryClient, quiet_mlflow
from models.registry.versions import find_version

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "features.json"


def ask(*words: object) -> dict:
    done = CliRunner().invoke(create_app(), [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout) if "--json" in words else {}


@pytest.fixture
def files(
    filled: RegistryClient,  # noqa: F811
    company: SmallCompany,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The matrix of version 1 and the scores of version 1, both written by commands."""
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KQML_MLFLOW_URI", filled.uri)
    cutoff = moment_of(company.cutoff - 20 * 86_400_000_000).isoformat()
    matrix, scores = tmp_path / "matrix.parquet", tmp_path / "scores.parquet"
    common = (company.dataset.path, "--model", "1", "--cutoff", cutoff)
    answer = ask("features", *common, "--out", matrix, "--json")
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(answer)
    ask("score", *common, "--out", scores, "--reasons", "0")
    table = pd.read_parquet(matrix)
    assert answer["model"] == {"version": "1", "grade": "B"}
    assert (answer["rows"], answer["columns"]) == (len(table), table.shape[1] - 2)
    scored = pd.read_parquet(scores)
    return table, scored[scored["eligible"]]


def load_pyfunc(registry: RegistryClient):  # noqa: F811
    with quiet_mlflow():
        import mlflow.pyfunc

        return mlflow.pyfunc.load_model(find_version(registry, "1").source)


def test_the_written_matrix_gives_the_written_scores_bit_for_bit(
    files: tuple[pd.DataFrame, pd.DataFrame],
    filled: RegistryClient,  # noqa: F811
) -> None:
    matrix, scores = files
    assert len(matrix) > 20
    assert matrix["account_id"].tolist() == scores["account_id"].tolist()
    shuffled = matrix.set_index("account_id").sample(frac=1, random_state=3)
    predicted = load_pyfunc(filled).predict(shuffled)
    assert predicted.index.tolist() == shuffled.index.tolist()
    expected = scores.set_index("account_id")["churn_probability"]
    assert np.array_equal(predicted.loc[expected.index].to_numpy(), expected.to_numpy())


def test_the_scoring_server_gives_the_same(
    files: tuple[pd.DataFrame, pd.DataFrame],
    filled: RegistryClient,  # noqa: F811
) -> None:
    matrix, scores = files
    model = load_pyfunc(filled)
    from mlflow.pyfunc.scoring_server import invocations

    table = matrix.drop(columns=["account_id", "cutoff"]).astype(object)
    data = table.where(table.notna(), None).to_numpy().tolist()
    body = json.dumps({"dataframe_split": {"columns": table.columns.tolist(), "data": data}})
    answer = invocations(body, "application/json", model, model.metadata.get_input_schema())
    assert answer.status == 200, answer.response
    predictions = json.loads(answer.response)["predictions"]
    predicted = [row["churn_probability"] if isinstance(row, dict) else row for row in predictions]
    assert predicted == scores["churn_probability"].tolist()


def test_a_matrix_without_the_categories_is_refused(
    files: tuple[pd.DataFrame, pd.DataFrame],
    filled: RegistryClient,  # noqa: F811
) -> None:
    matrix, _ = files
    with pytest.raises(ValueError, match=r"lacks 2 columns of the model: tier, region\. Write the matrix with"):
        load_pyfunc(filled).predict(matrix.drop(columns=["tier", "region"]))


def test_a_version_takes_no_other_playbook(company: SmallCompany, tmp_path: Path) -> None:  # noqa: F811
    words = ["features", str(company.dataset.path), "--model", "1", "--playbook", "pharmacy"]
    done = CliRunner().invoke(create_app(), [*words, "--out", str(tmp_path / "m.parquet")])
    assert "--model and --playbook exclude each other" in str(done.exception)
