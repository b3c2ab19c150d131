"""The CRM's nightly exchange of docs/integration.md, against a service on the same home."""

import csv
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from documented_keys import documented_keys
from sqlalchemy import select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.calendar.business_time import DAY_US
from kqml.client import ApiProblem, Client, RetryPolicy
from serve.database.decisions import add_decisions
from serve.database.engine import open_database
from serve.database.tables import ACCOUNTS, EVENTS
from serve.security.encryption import make_secret_key, read_cipher
from serve.security.sessions import SessionLimits
from serve.security.startup_checks import SecurityOptions
from serve.workers import ServeOptions, build_app

ROOT = Path(__file__).parents[3]


def run(*words: object) -> dict:
    """The command's JSON; raises what the command raises."""
    done = CliRunner().invoke(create_app(), [*map(str, words), "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


@pytest.fixture
def home(filled, company, tmp_path, monkeypatch) -> Path:
    """A home with two versions, the small company in its database."""
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "home"))
    for name in ("MLFLOW_TRACKING_URI", "KQML_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    run("import", company.dataset.path, "--database")
    return tmp_path / "home"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("crm_nightly", ROOT / "examples" / "crm_nightly.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["crm_nightly"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(home) -> Iterator[Client]:
    """A client with the key that docs/integration.md asks for."""
    scopes = documented_keys("integration.md")["crm"]
    key = run("keys", "create", "crm", *(word for scope in scopes for word in ("--scope", scope)))["key"]
    options = ServeOptions(
        pointer=home / "served" / "current.json",
        database=f"sqlite:///{home / 'kqml.db'}",
        host="127.0.0.1",
        port=0,
        workers=1,
        language="zh",
        body_limit=1 << 20,
        security=SecurityOptions(open=False, tls=False, limits=SessionLimits(DAY_US, DAY_US)),
        cipher=read_cipher(make_secret_key()),
    )
    with TestClient(build_app(options)) as app:

        def answer(request: httpx.Request) -> httpx.Response:
            headers = {name: value for name, value in request.headers.items() if name != "host"}
            got = app.request(request.method, request.url.raw_path.decode(), content=request.read(), headers=headers)
            told = {name: value for name, value in got.headers.items() if name != "content-encoding"}
            return httpx.Response(got.status_code, headers=told, content=got.content)

        yield Client("http://kqml.test", key, RetryPolicy(first=0.0), httpx.MockTransport(answer))


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """What a CRM writes in the evening."""
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / "reps.csv").write_text("rep_id,name\nR-9,赵\n", encoding="utf-8-sig")
    (folder / "accounts.csv").write_text("account_id,name,tier,owner_rep_id\ncrm-1,新店,A,R-9\ncrm-2,,C,\n")
    (folder / "events.csv").write_text(
        "event_id,account_id,occurred_at,kind,amount,minutes,rep_id\n"
        "o-1,crm-1,2026-01-05T09:00:00+08:00,order,1280.5,,\n"
        "v-1,crm-1,2026-01-06T09:00:00+08:00,visit,,35,R-9\n"
    )
    return folder


def read(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))


def test_what_happened_goes_in_once(example, client, exported, home):
    first, again = example.push(client, exported), example.push(client, exported)

    assert first == {"batches_of_reps": 1, "accounts_changed": 2, "events_added": 2}
    assert again == {"batches_of_reps": 1, "accounts_changed": 0, "events_added": 0}
    database = open_database(f"sqlite:///{home / 'kqml.db'}")
    with database.reading() as connection:
        asked = select(EVENTS.c.kind, EVENTS.c.amount, EVENTS.c.minutes).where(EVENTS.c.account_id == "crm-1")
        kept = connection.execute(asked.order_by(EVENTS.c.event_id)).all()
        tier = connection.execute(select(ACCOUNTS.c.tier).where(ACCOUNTS.c.account_id == "crm-2")).scalar_one()
    database.close()
    assert [tuple(row) for row in kept] == [("order", 1280.5, None), ("visit", None, 35.0)]
    assert tier == "C"


def test_whoever_the_night_found_at_risk_is_pulled_with_reasons(example, client, tmp_path):
    run("promote", 1)
    scored = run("score", "--database", "--cutoff", "2022-11-01")
    count = example.pull(client, tmp_path / "at_risk.csv")
    rows = read(tmp_path / "at_risk.csv")

    assert 0 < count == len(rows) < scored["accounts"]
    assert {row["band"] for row in rows} <= {"stopped", "high"}
    chances = [float(row["churn_probability"]) for row in rows]
    assert chances == sorted(chances, reverse=True)
    assert all(row["main_reason"] and row["as_of"].startswith("2022-11-01") for row in rows)


def test_the_present_week_is_pulled_and_its_states_told(example, client, exported, tmp_path):
    example.push(client, exported)
    planned = run("plan", "--database")
    count = example.plan(client, tmp_path / "plan.csv")
    rows = read(tmp_path / "plan.csv")
    own = [row for row in planned["plan"] if row["rep_id"] == "R-9"]
    assert own
    assert {row["account_id"]: row["action"] for row in rows if row["rep_id"] == "R-9"} == {
        row["account_id"]: row["action"] for row in own
    }
    assert count == len(rows) == len(planned["plan"])
    assert all(row["brief"] for row in rows if row["action"] == "visit")
    (tmp_path / "done.csv").write_text(f"decision_id,state\n{rows[0]['decision_id']},accepted\n")
    assert example.report(client, tmp_path / "done.csv") == {"reported": 1, "already_reported": 0}
    (tmp_path / "rejected.csv").write_text(
        f"decision_id,state,reason\n{rows[1]['decision_id']},rejected,closed today\n"
    )
    example.report(client, tmp_path / "rejected.csv")
    assert example.plan(client, tmp_path / "plan.csv") == count - 1


def test_what_was_done_is_told_once(example, client, tmp_path, home):
    database = open_database(f"sqlite:///{home / 'kqml.db'}")
    decided = {"week": "2024-W12", "cutoff": DAY_US, "policy": "p", "playbook": "p", "assigned": "visit"}
    with database.writing() as connection:
        (account,) = connection.execute(select(ACCOUNTS.c.account_id).limit(1)).scalars()
        row = {**decided, "decision_id": "d1", "account_id": account, "eligible": "[]", "blocked": "{}"}
        add_decisions(connection, [row], DAY_US)
    database.close()
    done = tmp_path / "done.csv"
    done.write_text("decision_id,state,at,action,reason\nd1,accepted,,,\nd1,done,2026-01-07T10:00:00+08:00,call,\n")

    assert example.report(client, done) == {"reported": 2, "already_reported": 0}
    assert example.report(client, done) == {"reported": 0, "already_reported": 2}
    done.write_text("decision_id,state,reason\nd1,rejected,too late\n")
    with pytest.raises(ApiProblem, match="conflict"):
        example.report(client, done)


def test_a_wrong_file_is_refused_with_its_rows(example, client, exported):
    (exported / "events.csv").write_text("event_id,account_id,occurred_at,kind\nx,crm-1,yesterday,order\n")
    with pytest.raises(ApiProblem, match="#/events/0/occurred_at"):
        example.push(client, exported)


def test_the_page_shows_the_commands_and_scopes_of_the_example(example):
    page = (ROOT / "docs" / "integration.md").read_text(encoding="utf-8")
    for word in ("push", "pull", "plan", "report"):
        assert f"python examples/crm_nightly.py {word} " in page
        assert f"python examples/crm_nightly.py {word} " in example.__doc__
