"""The demo: the whole way, under one folder, with a model that may be promoted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

ROOT = Path(__file__).parents[3]


def demo(home: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KQML_", "MLFLOW_"))}
    return subprocess.run(
        [sys.executable, "-m", "kqml", "demo", "--no-serve", "--json", *flags],
        cwd=home.parent,
        env={**kept, "KQML_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_demo_promotes_a_model_of_grade_b_or_better_and_keeps_to_its_folder(tmp_path):
    ran = demo(tmp_path / "home")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    schema = json.loads((ROOT / "docs" / "schemas" / "demo.json").read_text())
    jsonschema_rs.validator_for(schema).validate(told)
    assert told["grade"] in ("A", "B")
    assert [step["step"].split()[2] for step in told["steps"]] == [
        "simulate",
        "check",
        "label-audit",
        "train",
        "promote",
        "import",
        "score",
        "plan",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert {"data", "scores.parquet", "served", "mlflow.db", "kqml.db"} <= {
        path.name for path in (tmp_path / "home/demo").iterdir()
    }


def test_a_folder_that_no_demo_made_is_never_deleted(tmp_path):
    mine = tmp_path / "home" / "demo" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("keep")
    ran = demo(tmp_path / "home", "--fresh")
    assert ran.returncode == 2
    assert "is not a demo" in ran.stderr
    assert mine.read_text() == "keep"
