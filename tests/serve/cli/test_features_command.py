"""`kqml features` writes the matrix, `kqml catalog` says what its columns are."""

import json
from pathlib import Path

import jsonschema_rs
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from features.catalog import catalog
from kqml.__main__ import create_app
from kqml.calendar.business_time import DAY_US
from kqml.dataset.folder import DatasetInfo, write_dataset

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


def ask(*words):
    return CliRunner().invoke(create_app(), list(map(str, words)))


def conforms(command, answer):
    jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{command}.json").read_text())).validate(answer)


@pytest.fixture
def dataset(tmp_path):
    """Two shops: one orders every tenth day, one did so once."""
    days = np.array([*range(18_900, 19_000, 10), 18_950])
    instant = pa.array(days * DAY_US).cast(pa.timestamp("us", tz="UTC"))
    events = {
        "event_id": [f"e{place}" for place in range(len(days))],
        "account_id": ["a"] * 10 + ["b"],
        "occurred_at": instant,
        "known_at": instant,
        "kind": ["order"] * len(days),
        "amount": [5.0] * len(days),
    }
    tables = {"accounts": pa.table({"account_id": ["a", "b"]}), "events": pa.table(events)}
    return write_dataset(tmp_path / "shops", tables, DatasetInfo(time_zone="UTC")).path


def test_the_matrix_has_a_line_per_account_and_cutoff(dataset, tmp_path):
    out = tmp_path / "matrix.parquet"
    done = ask("features", dataset, "--cutoff", "2022-01-01", "--cutoff", "2021-11-01", "--out", out, "--json")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    conforms("features", answer)
    assert (answer["rows"], answer["accounts"], answer["columns"]) == (4, 2, len(catalog()))
    matrix = pq.read_table(out)
    assert matrix.column_names == ["account_id", "cutoff", *(feature.column for feature in catalog())]
    assert matrix["account_id"].to_pylist() == ["a", "a", "b", "b"]
    assert matrix["order_since_last"].to_pylist() == [2.0, 3.0, None, 43.0]
    assert matrix["order_gap_mean_last26"].to_pylist()[2:] == [None, None]


def test_an_existing_file_is_not_overwritten_unless_asked(dataset, tmp_path):
    out = tmp_path / "matrix.parquet"
    out.write_text("precious")
    refused = ask("features", dataset, "--out", out)
    assert refused.exit_code != 0
    assert out.read_text() == "precious"
    assert ask("features", dataset, "--out", out, "--force").exit_code == 0
    assert pq.read_table(out).num_rows == 2


def test_the_catalog_is_printed_in_either_language():
    for language, name in (("zh", "订货：次数，最近 90 天"), ("en", "order: count, last 90 days")):
        answer = json.loads(ask("catalog", "--json", "--language", language).stdout)
        conforms("catalog", answer)
        assert len(answer["features"]) == len(catalog())
        assert name in [one["name"] for one in answer["features"]]
    assert "order_count_90d\n  order: count, last 90 days\n" in ask("catalog", "--language", "en").stdout
