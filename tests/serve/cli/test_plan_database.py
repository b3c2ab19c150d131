"""`kqml plan --database`: a week kept in the database, re-created, refused, relearned from."""

import json
from pathlib import Path

import jsonschema_rs
import numpy as np
import orjson
import pandas as pd
import pytest
from later_events import LaterEvents
from sqlalchemy import select, update
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.calendar.business_time import instant_of
from kqml.dataset.tables import SCHEMAS
from kqml.duties import week
from kqml.errors import BadUse, Refused
from kqml.messages.coded import render
from kqml.playbook import read_playbook
from models.churn.bundle import load_bundle
from models.churn.scoring import create_scorer
from models.policy.planning import learning
from models.policy.planning.feature_rows import row_fingerprint
from models.policy.planning.learned_state import learned_state_from_json
from models.policy.planning.receipts import recreate_ranks
from serve.database.accounts import put_accounts
from serve.database.decisions import add_decisions, add_state
from serve.database.engine import open_database
from serve.database.events import add_events
from serve.database.learned import read_learned
from serve.database.tables import ACCOUNTS, DECISION_STATES, DECISIONS, EVENTS, LEARNED, OUTBOX, WEBHOOKS
from serve.database.territory import EVERYWHERE

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "plan.json"
WEEK, NEXT = "2023-W08", "2023-W09"


def run(*words):
    done = CliRunner().invoke(create_app(), [*map(str, words), "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


def plan(*words):
    answer = run("plan", "--database", *words)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(answer)
    return answer


@pytest.fixture
def home(filled, company, tmp_path, monkeypatch):
    """A home with a champion, its database with the small company in it, a webhook that asks for plans."""
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "home"))
    for name in ("MLFLOW_TRACKING_URI", "KQML_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    CliRunner().invoke(create_app(), ["promote", "1"])
    run("import", company.dataset.path, "--database")
    return tmp_path / "home"


@pytest.fixture
def kept(home):
    database = open_database(f"sqlite:///{home / 'kqml.db'}")
    row = {"webhook_id": "w", "url": "https://x", "kinds": '["plan.created"]', "secrets": "s", "created_at": 1}
    with database.writing() as connection:
        connection.execute(WEBHOOKS.insert(), row)
    yield database
    database.close()


def rows_of(database, table):
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def test_a_week_is_kept_with_its_receipts_and_told_once(kept, company):
    told = plan("--week", WEEK)
    given = run("plan", company.dataset.path, "--week", WEEK)
    assert told["database"] == {"rows": told["accounts"], "replayed": False, "unchanged_reps": []}
    assert [row["action"] for row in told["plan"]] == [row["action"] for row in given["plan"]]
    decisions, states = rows_of(kept, DECISIONS), rows_of(kept, DECISION_STATES)
    assert len(decisions) == len(states) == told["accounts"]
    assert {(row["state"], row["by"]) for row in states} == {("recommended", "command:plan")}
    reps = {row["rep_id"] for row in decisions}
    assert {json.loads(row["payload"])["data"]["rep_id"] for row in rows_of(kept, OUTBOX)} == reps
    recommended = {row["account_id"]: row for row in decisions if row["assigned"] != "wait"}
    assert {row["account_id"] for row in told["plan"]} == set(recommended)
    for row in told["plan"]:
        brief = json.loads(recommended[row["account_id"]]["receipt"])["brief"]
        assert [render(line, "zh") for line in brief["why"]] == row["brief"]["why"]
        assert brief["personal"] == []
    again = plan("--week", WEEK, "--language", "en")
    assert again["database"]["replayed"] is True
    assert rows_of(kept, DECISIONS) == decisions
    assert len(rows_of(kept, OUTBOX)) == len(reps)
    with pytest.raises(Refused, match=r"would not be decided as the database holds it(.|\n)*decisions model"):
        plan("--week", WEEK, "--model", 2)
    assert rows_of(kept, DECISIONS) == decisions


def test_events_that_arrive_after_the_cutoff_change_nothing(kept, company):
    """Events of every kind, accounts put in with another tier and rep: the week is decided as it was."""
    plan("--week", WEEK)
    decisions = rows_of(kept, DECISIONS)
    cutoff, now = decisions[0]["cutoff"], decisions[0]["recorded_at"] + 1
    accounts = [row for row in rows_of(kept, ACCOUNTS) if row["described"]]
    told = [dict(row) for row in accounts[:40]]
    later = LaterEvents(1, told, rows_of(kept, EVENTS), cutoff, updated=False).of_every_kind()
    blank = dict.fromkeys(SCHEMAS["events"].names)
    instants = ("occurred_at", "known_at", "due_at")
    rows = [{**blank, **row, **{name: instant_of(row[name]) for name in instants}} for row in later]
    changed = [{**row, "tier": "C" if row["tier"] == "A" else "A", "owner_rep_id": "R-new"} for row in accounts[40:60]]
    columns = SCHEMAS["accounts"].names
    with kept.writing() as connection:
        add_events(connection, rows, now, EVERYWHERE)
        put_accounts(connection, [{name: row[name] for name in columns} for row in changed], now, EVERYWHERE)
    assert plan("--week", WEEK)["database"]["replayed"] is True
    assert rows_of(kept, DECISIONS) == decisions


def re_created(database, company):
    """How many of the decisions that kqml made come out of their receipts again, bit for bit."""
    decisions = [row for row in rows_of(database, DECISIONS) if row["receipt"]]
    receipts = [json.loads(row["receipt"]) for row in decisions]
    with database.reading() as connection:
        found = read_learned(connection, receipts[0]["learned"])
    learned, playbook = learned_state_from_json(found.content)
    bundle = load_bundle(company.bundles[0])
    scorer, seen = create_scorer(bundle), 0
    for row, receipt in zip(decisions, receipts, strict=True):
        assert row["model"] == f"1@{bundle.fingerprint[:12]}"
        assert row["playbook"] == playbook.version
        if receipt["history"] is None:
            assert receipt["score"] is None
            assert row["features"] is None
            continue
        features = json.loads(row["features"])
        assert row["features_fingerprint"] == row_fingerprint(found.columns, np.array(features, dtype=np.float64))
        again = recreate_ranks(receipt, features, scorer, learned, playbook)
        assert orjson.dumps(again) == orjson.dumps({name: receipt[name] for name in ("score", "actions")})
        seen += 1
    return seen


def test_every_receipt_re_creates_the_answer_bit_for_bit(kept, company):
    plan("--week", WEEK, "--language", "zh")
    assert re_created(kept, company) > 50


def test_objections_and_rejections_are_respected(kept):
    first = plan("--week", WEEK)
    visited = [row for row in first["plan"] if row["action"] == "visit" and row["given_for"] == "value"]
    rejected, objecting = visited[0]["account_id"], visited[1]["account_id"]
    by_account = {row["account_id"]: row for row in rows_of(kept, DECISIONS)}
    with kept.writing() as connection:
        own = by_account[rejected]
        state = {"state": "rejected", "at": own["cutoff"] + 1, "reason": "no", "by": "test"}
        add_state(connection, own["decision_id"], state, own["cutoff"] + 2)
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == objecting).values(objected_at=2**60))
    replayed = plan("--week", WEEK)
    assert replayed["database"]["replayed"] is True
    with kept.writing() as connection:
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == objecting).values(objected_at=1))
    later = plan("--week", NEXT)
    assert later["objecting"] == 1
    decided = {row["account_id"]: row for row in rows_of(kept, DECISIONS) if row["week"] == NEXT}
    assert objecting not in decided
    once = json.loads(decided[rejected]["blocked"])
    assert "suppressed" not in once.values()  # the playbook says after two rejections
    with pytest.raises(Refused, match=f"stored alone: 1 accounts, the first '{objecting}'"):
        plan("--week", WEEK)


def test_drawn_decisions_of_the_database_are_learned_from(kept, company, monkeypatch):
    """Ten weeks of drawn decisions, recorded in time, have outcomes by now; those recorded too late change nothing."""
    ids = [row["account_id"] for row in rows_of(kept, ACCOUNTS)]
    random = np.random.default_rng(0)
    actions = read_playbook().action_names
    for number in range(10, 20):
        cutoff = week(f"2022-W{number}").instants(company.dataset.info.time_zone)[0]
        rows = [
            {
                "decision_id": f"{number}-{name}",
                "account_id": name,
                "week": f"2022-W{number}",
                "cutoff": cutoff,
                "policy": "pilot",
                "playbook": "p",
                "assigned": str(random.choice(actions)),
                "probability": 1 / len(actions),
                "eligible": json.dumps(actions),
                "blocked": "{}",
                "must": False,
                "holdout": False,
                "evaluable": True,
            }
            for name in ids
        ]
        with kept.writing() as connection:
            add_decisions(connection, rows, cutoff + (1 if number < 18 else 8 * 86_400_000_000))
    monkeypatch.setattr(learning, "LEAST_PRECISION", 1.0)
    told = plan("--week", WEEK)
    assert told["evidence"]["rows"] > 300
    assert told["evidence"]["rows"] <= 8 * len(ids)
    assert told["evidence"]["code"] in ("not_distinguishable", "no_gain_seen", "loss")
    assert len(rows_of(kept, LEARNED)) == 1
    assert "randomised" in {row["basis"] for row in told["plan"]}
    assert re_created(kept, company) > 50


def test_the_present_week_is_the_default_and_a_later_one_is_refused(kept):
    told = plan()
    assert told["week"] == "{}-W{:02d}".format(*pd.Timestamp.now("Asia/Shanghai").isocalendar()[:2])
    with pytest.raises(BadUse, match="has not begun"):
        plan("--week", "2089-W10")
    with pytest.raises(BadUse, match="Give --log or --database, not both"):
        plan("--log", "somewhere")


def test_the_next_week_is_previewed_and_nothing_is_stored(kept, company):
    preview = plan("--preview")
    later = pd.Timestamp.now("Asia/Shanghai") + pd.Timedelta(days=7)
    assert preview["week"] == "{}-W{:02d}".format(*later.isocalendar()[:2])
    assert (preview["preview"], preview["database"]) == (True, None)
    assert rows_of(kept, DECISIONS) == []
    with pytest.raises(BadUse, match="--preview goes with --database"):
        run("plan", company.dataset.path, "--preview")


def test_reps_whose_week_was_decided_before_keep_it(kept):
    first = plan("--week", WEEK)
    rep = first["reps"][0]["rep_id"]
    whole = rows_of(kept, DECISIONS)
    with kept.writing() as connection:
        connection.exec_driver_sql("INSERT INTO erasing VALUES ('test')")
        connection.exec_driver_sql("DELETE FROM decision_states")
        connection.exec_driver_sql("DELETE FROM decisions")
        connection.exec_driver_sql("DELETE FROM erasing")
        own = next(row for row in whole if row["rep_id"] == rep and row["assigned"] != "wait" and not row["must"])
        connection.execute(DECISIONS.insert(), own)
        state = {"decision_id": own["decision_id"], "number": 0, "state": "recommended", "at": 1, "known_at": 1}
        reason = next(row["given_for"] for row in first["plan"] if row["account_id"] == own["account_id"])
        connection.execute(DECISION_STATES.insert(), {**state, "by": "key:crm", "reason": reason})
    told = plan("--week", WEEK)
    assert told["database"]["unchanged_reps"] == [rep]
    others = [replace_time(row) for row in whole if row["rep_id"] != rep]
    assert [replace_time(row) for row in rows_of(kept, DECISIONS) if row["rep_id"] != rep] == others
    assert plan("--week", WEEK)["database"] == {**told["database"], "replayed": True}
    assert own["assigned"] != "wait"
    before = next(row for row in first["plan"] if row["account_id"] == own["account_id"])
    shown = [row for row in told["plan"] if row["rep_id"] == rep]
    assert [{**row, "brief": None, "name": None} for row in shown] == [{**before, "brief": None, "name": None}]
    assert [row["rep_id"] for row in plan("--week", WEEK, "--rep", rep)["plan"]] == [rep]
    (week,) = [row for row in told["reps"] if row["rep_id"] == rep]
    assert (week["accounts"], week["recommended"], week["minutes"][0]) == (1, 1, before["minutes"])
    assert told["totals"]["recommended"] == len(told["plan"])


def replace_time(row):
    return {**row, "recorded_at": 0}
