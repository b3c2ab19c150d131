"""`kqml simulate`: the same bytes twice, nothing of the machine in them, refusals in words."""

import json
from pathlib import Path

import jsonschema_rs
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from experiments.world.arrow import account_ids
from experiments.world.drivers import DRIVERS
from experiments.world.population import TIERS, SizeShape
from experiments.world.scenarios import SCENARIOS, cards, rules_of
from experiments.world.simulation import Simulation
from experiments.world.world import build_world
from kqml.__main__ import create_app
from kqml.dataset.folder import read_dataset
from kqml.errors import BadUse
from kqml.history.event_log import EventLog

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "simulate.json").read_text())
SMALL = ["--accounts", "90", "--reps", "3", "--weeks", "40"]


def simulate(*words: str):
    return CliRunner().invoke(create_app(), ["simulate", *words])


def simulated(out: Path, *words: str) -> dict:
    answer = simulate(*SMALL, *words, "--out", str(out), "--json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    jsonschema_rs.validator_for(SCHEMA).validate(found)
    return found


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("worlds") / "reference"
    simulated(out, "--log", "reference", "--pilot-weeks", "6")
    return out


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_arguments_give_the_same_bytes(reference, tmp_path):
    simulated(tmp_path / "again", "--log", "reference", "--pilot-weeks", "6")
    assert files_of(tmp_path / "again") == files_of(reference)


def test_nothing_written_holds_a_path(reference):
    for name, content in files_of(reference).items():
        assert str(reference).encode() not in content, name
        assert b"/tmp" not in content, name


def test_the_dataset_follows_the_contract(reference):
    dataset = read_dataset(reference)
    log = dataset.event_log()
    assert isinstance(log, EventLog)
    accounts = dataset.accounts()
    assert len(accounts) == 90
    assert set(accounts["tier"]) <= {"A", "B", "C"}
    assert dataset.info.columns["tier"].complete_since == "2022-01-03"
    assert set(accounts["owner_rep_id"]) <= set(dataset.reps()["rep_id"])
    assert dataset.info.quiet_periods[0].start == "2022-01-31"
    assert dataset.info.source["world"]


def events_of(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "events").sort_values("event_id", ignore_index=True)


@pytest.mark.parametrize(
    ("end", "closed_from"), [("2026-11-30", []), ("2026-11-22", ["2026-02-16"]), ("2026-03-18", ["2026-02-16"])]
)
def test_records_end_with_the_day_before_the_end(tmp_path, end, closed_from):
    found = simulated(tmp_path / "world", "--end", end)
    assert found["end"] == end
    day = pd.Timestamp(end, tz="Asia/Shanghai")
    known = events_of(tmp_path / "world")["known_at"]
    assert known.max() < day
    assert known.max() >= day - pd.Timedelta(days=3)
    quiet = read_dataset(tmp_path / "world").info.quiet_periods
    assert [period.start for period in quiet] == closed_from


def test_a_world_that_ends_within_a_week_is_the_beginning_of_the_whole_week(tmp_path):
    simulated(tmp_path / "part", "--end", "2026-11-26")
    simulated(tmp_path / "whole", "--end", "2026-11-30")
    whole = events_of(tmp_path / "whole")
    before = whole[whole["known_at"] < pd.Timestamp("2026-11-26", tz="Asia/Shanghai")].reset_index(drop=True)
    assert len(before) < len(whole)
    pd.testing.assert_frame_equal(events_of(tmp_path / "part"), before)


def test_a_world_without_an_end_does_not_speak_of_one(reference):
    assert "end" not in read_dataset(reference).info.source


def test_the_decision_log_has_one_row_for_each_account_and_week(reference):
    decisions = pd.read_parquet(reference / "decisions.parquet")
    assert decisions["decision_id"].is_unique
    assert decisions["week"].nunique() == 6
    assert not decisions.duplicated(["account_id", "week"]).any()
    states = pd.read_parquet(reference / "decision_states.parquet")
    assert set(states["decision_id"]) == set(decisions["decision_id"])


def test_the_truth_lies_apart(reference):
    effects = pd.read_parquet(reference / "truth" / "effects.parquet")
    assert set(effects["basis"]) == {"done", "assigned"}
    waits = effects[effects["action"] == "wait"]
    assert (waits["margin_effect"] == 0).all()
    described = json.loads((reference / "truth" / "world.json").read_text())
    assert described["world"] == read_dataset(reference).info.source["world"]
    assert any("hours run short" in line for line in described["card"])


def test_the_truth_holds_what_drives_each_account(reference):
    states = pd.read_parquet(reference / "truth" / "states.parquet")
    assert {f"driven_by_{name}" for name in DRIVERS} <= set(states.columns)
    courted = states["courted"]
    assert (states.loc[courted, "driven_by_competitor"] > 1.0).all()
    assert states["week"].nunique() == 3


def test_only_what_the_coin_drew_has_a_probability(reference):
    decisions = pd.read_parquet(reference / "decisions.parquet")
    assert decisions["probability"].notna().equals(decisions["explored"])
    assert not decisions.loc[decisions["probability"].isna(), "evaluable"].any()


def test_the_hidden_log_hides_what_the_behaviour_log_shows(tmp_path):
    shown, hidden = (
        read_dataset(Path(simulated(tmp_path / name, "--log", name, "--pilot-weeks", "4")["out"])).info.kinds_recorded
        for name in ("behaviour", "hidden")
    )
    assert {"complaint", "problem_raised"} <= set(shown)
    assert not {"complaint", "problem_raised", "competitor_seen", "inbound"} & set(hidden)


REFUSALS = {
    "no folder": ([*SMALL], "--out"),
    "an unknown scenario": ([*SMALL, "--scenario", "meteor", "--out", "x"], "meteor: is not a scenario"),
    "an unknown log": ([*SMALL, "--log", "diary", "--out", "x"], "diary is not a log"),
    "an unknown fit": ([*SMALL, "--fit", "moon", "--out", "x"], "'moon' is unknown"),
    "a share above one": ([*SMALL, "--log", "reference", "--pilot-share", "2", "--out", "x"], "2.0 is not a share"),
    "more pilot than weeks": ([*SMALL, "--log", "reference", "--pilot-weeks", "99", "--out", "x"], "99 weeks of 40"),
    "an end that is no date": ([*SMALL, "--end", "today", "--out", "x"], "--end: 'today' is not a date"),
    "an end out of reach": ([*SMALL, "--end", "1899-01-01", "--out", "x"], "1899-01-01 is out of reach"),
    "a log that ends within a week": (
        [*SMALL, "--log", "reference", "--end", "2026-11-25", "--out", "x"],
        "2026-11-25 is not a Monday",
    ),
    "more reps than accounts": (["--accounts", "2", "--reps", "3", "--out", "x"], "2 is below 3"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_bad_use_is_refused_and_writes_nothing(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words, told = REFUSALS[what]
    answer = simulate(*words)
    assert isinstance(answer.exception, BadUse)
    assert told in str(answer.exception)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_not_overwritten(reference):
    before = files_of(reference)
    assert isinstance(simulate(*SMALL, "--out", str(reference)).exception, BadUse)
    assert files_of(reference) == before


def test_every_scenario_has_a_card_and_changes_the_rules():
    assert set(cards()) == set(SCENARIOS)
    usual = rules_of((), 100)
    assert all(rules_of((name,), 100) != usual for name in SCENARIOS)


def test_scenarios_combine():
    both = rules_of(("fake_visits", "market_shock"), 90)
    assert both.seats.fake_share == 0.3
    assert both.regions.shock_from == 60


def test_the_cards_are_shown():
    answer = simulate("--scenarios", "--json")
    found = json.loads(answer.stdout)
    jsonschema_rs.validator_for(SCHEMA).validate(found)
    assert "turnover_wave" in found["scenarios"]


@pytest.mark.parametrize("weeks", [52, 58])
def test_the_table_of_accounts_has_the_tier_that_the_log_tells(tmp_path, weeks):
    """The review of January 2023 is told at the end of 52 weeks: nobody knows it yet there."""
    out = tmp_path / "world"
    answer = simulate("--accounts", "90", "--reps", "3", "--weeks", str(weeks), "--out", str(out))
    assert answer.exit_code == 0, answer.output
    events = pd.read_parquet(out / "events").query("kind == 'tier_changed'")
    told = {row.account_id: json.loads(row.attributes)["to"] for row in events.itertuples()}
    opened = opening_tiers(weeks)
    now = pd.read_parquet(out / "accounts.parquet").set_index("account_id")["tier"].to_dict()
    assert bool(told) == (weeks > 52)
    assert now == opened | told


def opening_tiers(weeks: int) -> dict[str, str]:
    """The tier that each account opened with."""
    world = build_world(SizeShape(90, 3, weeks), seed=0)
    simulation = Simulation(world, range(3))
    names = account_ids(simulation.accounts).to_pylist()
    return dict(zip(names, np.array(TIERS)[simulation.traits.tier].tolist(), strict=True))
