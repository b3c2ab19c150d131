"""`kqml evaluate history` on a small company without a log."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from rich.console import Console
from small_world import write_small_world
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import Refused
from serve.cli.layouts.policy import show_observed_effects
from serve.cli.output import print_blocks

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "evaluate-history.json").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("history") / "data"
    write_small_world(path, accounts=90, weeks=60, seed=5)
    return path


def run(*words):
    return CliRunner().invoke(create_app(), ["evaluate", "history", *map(str, words)], catch_exceptions=False)


def test_a_history_without_a_log_gives_observational_effects(folder):
    found = run(folder, "--horizon", "28", "--weeks", "12", "--json")
    told = json.loads(found.stdout)
    jsonschema_rs.validator_for(SCHEMA).validate(told)
    assert (found.exit_code, told["basis"], told["weeks"]) == (0, "observational", 12)
    assert 90 * 12 * 0.5 < told["rows"] <= 90 * 12
    assert "visit" in {one["action"] for one in told["actions"]}
    assert all(0 <= one["supported_share"] <= 1 for one in told["actions"])
    effects = [one["effect"] for one in told["actions"] if one["effect"]]
    assert all(effect["low"] <= effect["value"] <= effect["high"] for effect in effects)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["effect per account", "two visits", "too few comparable rows", "Observational"]),
        ("zh", ["观察性估计", "已略去"]),
    ],
)
def test_its_basis_is_said_in_words(language, said):
    effect = {"value": 12.0, "low": 3.0, "high": 21.0, "error": 4.0}
    visit = {"action": "visit", "rows": 300, "supported_share": 0.9, "effective_rows": 250.0, "effect": effect}
    result = {"rows": 900, "weeks": 12, "horizon_days": 28, "left_out": ["two_visits"], "basis": "observational"}
    console = Console(record=True, width=160)
    actions = [visit, {**visit, "action": "call", "effect": None}]
    print_blocks(show_observed_effects({**result, "actions": actions}, language), console)
    shown = console.export_text()
    assert all(part in shown for part in [*said, "12 (3 – 21)", "90%"])


def test_too_short_a_history_is_refused(folder):
    with pytest.raises(Refused, match="too few rows to compare actions"):
        run(folder, "--horizon", "3650")
