"""`kqml evaluate policy` on the log of a small pilot."""

import json
from pathlib import Path

import jsonschema_rs
import pandas as pd
import pytest
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import BadUse, Refused
from kqml.messages import LANGUAGES

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "evaluate-policy.json").read_text())


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pilot") / "data"
    size = ["--accounts", "300", "--reps", "6", "--weeks", "40", "--pilot-weeks", "14", "--pilot-share", "0.5"]
    made = CliRunner().invoke(create_app(), ["simulate", "--log", "reference", *size, "--out", str(folder)])
    assert made.exit_code == 0, made.output
    return folder


def asked(*words):
    found = CliRunner().invoke(create_app(), ["evaluate", "policy", *map(str, words), "--horizon", "56", "--json"])
    told = json.loads(found.stdout)
    jsonschema_rs.validator_for(SCHEMA).validate(told)
    return found.exit_code, told


def test_a_policy_has_values_by_four_estimators_beside_another(pilot):
    code, told = asked(pilot, "--target", "visit", "--against", "playbook", "--language", "en")
    assert code == 0
    assert not told["refused"]
    assert set(told["values"]) == {"ips", "snips", "doubly_robust", "switch_dr"}
    assert all(one["low"] <= one["value"] <= one["high"] for one in told["values"].values())
    gain = told["values"]["doubly_robust"]["value"] - told["against_values"]["doubly_robust"]["value"]
    assert told["difference"]["doubly_robust"]["value"] == pytest.approx(gain)
    assert 0.8 <= told["support"]["mean_weight"] <= 1.2
    assert told["kappa"] == ["pilot"]
    assert told["holdout"] is None
    assert "visit" in told["reason"]


def test_our_own_policy_is_evaluated(pilot):
    code, told = asked(pilot, "--target", "kqml", "--against", "wait")
    assert code == 0
    assert told["rows"] == told["support"]["rows"]
    assert told["headline"] in told["difference"]


def test_the_headline_is_compared_with_the_doubly_robust_estimate(pilot):
    code, told = asked(pilot, "--target", "visit", "--against", "playbook")
    assert code == 0
    assert told["headline"] == "pooled"
    apart = told["difference"]["pooled"]["value"] - told["difference"]["doubly_robust"]["value"]
    assert told["disagreement"]["value"] == pytest.approx(apart)
    assert told["disagreement"]["beyond_chance"] == (told["disagreement"]["p_value"] < 0.1)


def test_every_action_has_the_effect_of_assigning_it_and_of_doing_it(pilot):
    code, told = asked(pilot, "--target", "visit")
    assert code == 0
    effects = {one["action"]: one for one in told["actions"]}
    assert {"visit", "call"} <= set(effects)
    visit = effects["visit"]
    assert visit["uptake"]["low"] > 0
    assert visit["complier"]["value"] == pytest.approx(visit["assigned"]["value"] / visit["uptake"]["value"])
    assert told["log_check"]["basis"] == "randomised"
    assert told["log_check"]["randomised_rows"] >= told["rows"]


def test_a_table_speaks_for_the_accounts_it_names(pilot, tmp_path):
    accounts = pd.read_parquet(pilot / "accounts.parquet")["account_id"]
    table = pd.DataFrame({"account_id": accounts[:250], "action": "call", "probability": 0.5})
    rest = table.assign(action="wait")
    pd.concat([table, rest]).to_csv(tmp_path / "target.csv", index=False)
    code, told = asked(pilot, "--target", tmp_path / "target.csv")
    assert code in (0, 1)
    assert 0 < told["uncovered_rows"] < told["rows"]


def test_a_target_that_the_log_hardly_made_is_refused(pilot, tmp_path):
    accounts = pd.read_parquet(pilot / "accounts.parquet")["account_id"]
    pd.DataFrame({"account_id": accounts[:20], "action": "visit"}).to_csv(tmp_path / "few.csv", index=False)
    for language in LANGUAGES:
        code, told = asked(pilot, "--target", tmp_path / "few.csv", "--language", language)
        assert code == 1
        assert told["refused"]
        assert "few_rows" in told["why"]
        assert told["values"] is None
        assert told["difference"] is None


def test_a_table_of_one_tier_is_read_in_the_words_of_the_whole_log(pilot, tmp_path):
    accounts = pd.read_parquet(pilot / "accounts.parquet")
    chosen = accounts.loc[(accounts["tier"] == "C") & (accounts["segment"] == accounts["segment"].mode()[0])]
    pd.DataFrame({"account_id": chosen["account_id"], "action": "visit"}).to_csv(tmp_path / "tier.csv", index=False)
    code, told = asked(pilot, "--target", tmp_path / "tier.csv")
    assert code in (0, 1)
    assert 0 < told["rows"] < told["uncovered_rows"]


def test_two_tables_without_a_common_decision_are_bad_use(pilot, tmp_path):
    accounts = pd.read_parquet(pilot / "accounts.parquet")["account_id"]
    tables = {"even": accounts[::2], "odd": accounts[1::2]}
    for name, part in tables.items():
        pd.DataFrame({"account_id": part, "action": "visit"}).to_csv(tmp_path / f"{name}.csv", index=False)
    words = [str(pilot), "--target", str(tmp_path / "even.csv"), "--against", str(tmp_path / "odd.csv")]
    with pytest.raises(BadUse, match="decisions in common – give two tables of the same accounts and weeks"):
        CliRunner().invoke(create_app(), ["evaluate", "policy", *words], catch_exceptions=False)


def test_a_log_without_chances_is_refused(pilot, tmp_path):
    folder = tmp_path / "behaviour"
    folder.mkdir()
    for path in pilot.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "decisions.parquet").unlink()
    pd.read_parquet(pilot / "decisions.parquet").assign(probability=float("nan")).to_parquet(
        folder / "decisions.parquet"
    )
    with pytest.raises(Refused, match="The decision log has no evaluable decisions"):
        CliRunner().invoke(create_app(), ["evaluate", "policy", str(folder)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("account_id,week\na,b\n", "action: the column is missing"),
        ("account_id,action\nA,dance\n", "'dance' is not an action"),
        ("account_id,action,probability\nA,visit,2\n", "2.* in 1 rows"),
        ("account_id,action,probability\nA,visit,0.5\n", "sums to 0.5"),
    ],
)
def test_a_table_that_is_no_policy_is_bad_use(pilot, tmp_path, lines, told):
    (tmp_path / "bad.csv").write_text(lines)
    words = ["evaluate", "policy", str(pilot), "--target", str(tmp_path / "bad.csv")]
    with pytest.raises(BadUse, match=told):
        CliRunner().invoke(create_app(), words, catch_exceptions=False)


def test_an_unknown_policy_is_bad_use(pilot):
    with pytest.raises(BadUse, match="'dance' is not a policy"):
        words = ["evaluate", "policy", str(pilot), "--target", "dance"]
        CliRunner().invoke(create_app(), words, catch_exceptions=False)


def test_people_read_a_table(pilot):
    for language in LANGUAGES:
        words = ["evaluate", "policy", str(pilot), "--target", "call", "--horizon", "56", "--language", language]
        found = CliRunner().invoke(create_app(), words, env={"COLUMNS": "200"})
        assert found.exit_code == 0
        assert "call" in found.output
