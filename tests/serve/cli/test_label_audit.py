"""`kqml label-audit` from the outside: JSON by its schema, tables, charts, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from matplotlib import font_manager
from small_world import write_small_world
from typer.testing import CliRunner

from kqml.__main__ import create_app

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "label-audit.json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "small"
    write_small_world(path, accounts=250, weeks=90)
    return path


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments):
    return CliRunner().invoke(create_app(), ["label-audit", *map(str, arguments)], env={"COLUMNS": "120"})


def answer(*arguments):
    """Exit code and JSON of the command as a process of its own, as scripts see it."""
    command = [sys.executable, "-m", "kqml", "label-audit", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(found)
    return done.returncode, found


def test_json_is_one_object_by_the_schema(folder):
    code, found = answer(folder, "--horizon", 60, "--gap", 14, "--start", "2022-06-01", "--language", "en")
    assert code == 0
    assert found["definition"]["horizon"] == 60
    assert found["cutoffs"]["first"] == "2022-06-01T00:00:00+08:00"
    assert found["quiet"]["periods"] == 2
    assert found["charts"] is None


def test_the_table_speaks_the_language_asked_for(folder):
    english = run(folder, "--horizon", 60, "--language", "en")
    chinese = run(folder, "--horizon", 60, "--language", "zh")
    assert (english.exit_code, chinese.exit_code) == (0, 0)
    assert "already silent" in english.output and "Advice" in english.output
    assert "已沉默" in chinese.output and "建议" in chinese.output


def test_charts_are_written_where_asked_and_nothing_elsewhere(folder, tmp_path):
    shown = run(folder, "--horizon", 60, "--charts", "figures", "--format", "png", "--language", "en")
    assert shown.exit_code == 0, shown.output
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert names == [f"figures/{name}.png" for name in ("cutoffs", "months", "personal", "windows")]
    assert "figures/windows.png" in shown.output


def test_too_little_is_the_answer_no(folder):
    code, found = answer(folder, "--horizon", 500)
    assert code == 1
    assert found["faults"][0]["where"] == "cutoffs"


def test_impossible_flags_are_bad_use(folder):
    code, found = answer(folder, "--horizon", 0, "--gap", -1)
    assert code == 2
    assert [fault["where"] for fault in found["faults"]] == ["churn.horizon", "churn.gap"]


def test_a_folder_that_is_no_dataset_is_said(tmp_path):
    code, found = answer(tmp_path)
    assert code != 0 and "is not a dataset" in found["error"]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_without_chinese_fonts_standard_error_says_once_how_to_get_them(folder, tmp_path, monkeypatch, form):
    latin = [font for font in font_manager.fontManager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", latin)
    shown = run(folder, "--horizon", 60, "--charts", "figures", "--language", "zh", *form)
    assert shown.exit_code == 0, shown.stderr
    assert shown.stderr.count("fonts-noto-cjk") == 1
    assert "fonts-noto-cjk" not in shown.stdout
