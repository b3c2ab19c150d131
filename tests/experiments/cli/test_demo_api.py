"""The API on a company that ends today, made by the demo's own steps but for the training."""

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from rich.console import Console
from starlette.testclient import TestClient

from experiments.cli.demo import DemoRun, demo_settings, fill_database
from experiments.world.almanac import TIME_ZONE
from experiments.world.population import SizeShape
from experiments.world.world import build_world
from experiments.world.writing import write_world
from kqml.calendar.business_time import moment_of
from kqml.duties.period import week_name
from kqml.settings import read_settings
from models.registry.served_pointer import POINTER
from serve.cli import promote
from serve.cli.administration import now, personal_data_cipher, security_settings
from serve.cli.command import run_here
from serve.workers import ServeOptions, build_app

ACCOUNTS, REPS, WEEKS = 60, 2, 60


@pytest.fixture(scope="module")
def home(two_versions, tmp_path_factory) -> Path:
    """A demo's folder as the demo leaves it, with a small model."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(two_versions, folder / "mlflow.db")
    write_world(build_world(SizeShape(ACCOUNTS, REPS, WEEKS), fit="vendor", end=today()), folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for name, value in demo_settings(folder).items():
            patch.setenv(name, value)
        run_here(promote.run, "1")
        fill_database(DemoRun(Console(quiet=True), "en"), folder)
        yield folder


@pytest.fixture(scope="module")
def client(home):
    settings = read_settings()
    options = ServeOptions(
        pointer=settings.served / POINTER,
        database=settings.database_address,
        host=settings.host,
        port=0,
        workers=1,
        language="en",
        body_limit=1 << 20,
        security=security_settings(settings, open_=True),
        cipher=personal_data_cipher(settings),
    )
    with TestClient(build_app(options), base_url="http://localhost") as opened:
        yield opened


@pytest.fixture(scope="module")
def document(client) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def today() -> date:
    return moment_of(now(), TIME_ZONE).date()


def local_day(text: str) -> date:
    return datetime.fromisoformat(text).date()


def get(client: TestClient, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return answer.json() if "json" in answer.headers["content-type"] else answer.text


@pytest.fixture(scope="module")
def ids(client) -> dict[str, str]:
    """Of each kind of thing one that is there."""
    account = get(client, "/v1/accounts", limit=1)["accounts"][0]
    contact = get(client, f"/v1/accounts/{account['account_id']}/contacts")["contacts"][0]
    week = client.post("/v1/recommendations", json={"accounts": [account["account_id"]]}).json()
    return {
        "account_id": account["account_id"],
        "rep_id": account["owner_rep_id"],
        "contact_id": contact["contact_id"],
        "decision_id": week["decisions"][0]["decision_id"],
    }


def test_every_get_of_the_document_answers_as_promised(client, document, ids):
    paths = {path: item["get"] for path, item in document["paths"].items() if "get" in item}
    assert len(paths) >= 15
    for path, operation in paths.items():
        found = get(client, path.format(**ids))
        for content, told in operation["responses"]["200"].get("content", {}).items():
            if content == "application/json":
                schema = {**told["schema"], "components": document["components"]}
                jsonschema_rs.validator_for(schema).validate(found)
        assert found, path


def test_accounts_are_listed_by_their_risk_as_of_today(client):
    listed = get(client, "/v1/accounts", limit=ACCOUNTS)["accounts"]
    assert len(listed) == ACCOUNTS
    scores = [account["score"] for account in listed if account["score"]["churn_probability"] is not None]
    assert len(scores) > ACCOUNTS // 2
    risks = [score["churn_probability"] for score in scores]
    assert risks == sorted(risks, reverse=True)
    assert {local_day(score["as_of"]) for score in scores} == {today()}


def test_the_present_week_is_planned_for_every_rep(client):
    for rep in (rep["rep_id"] for rep in get(client, "/v1/reps")["reps"] if rep["left_on"] is None):
        answer = client.post("/v1/recommendations", json={"rep_id": rep}).json()
        assert answer["week"] == week_name(today())
        assert answer["decided"] == []
        assert {decision["rep_id"] for decision in answer["decisions"]} == {rep}
        planned = get(client, f"/v1/reps/{rep}/plan")["decisions"]
        assert [one["decision_id"] for one in planned] == [one["decision_id"] for one in answer["decisions"]]


def test_the_duties_are_those_of_the_present_week(client, ids):
    page = get(client, "/v1/duties", rep=ids["rep_id"])
    assert page["week"] == week_name(today())
    assert {duty["rep_id"] for duty in page["duties"]} == {ids["rep_id"]}


def test_stored_accounts_are_scored_on_request(client, ids):
    asked = {"accounts": [{"account_id": ids["account_id"]}]}
    answer = client.post("/v1/scores", json=asked).json()
    stored = get(client, f"/v1/accounts/{ids['account_id']}")["score"]
    assert answer["scores"][0]["churn_probability"] == pytest.approx(stored["churn_probability"], rel=0.05)


def test_the_service_answers_this_machine_only(client):
    answer = client.get("/v1/accounts", headers={"host": "crm.example.com"})
    assert answer.status_code == 403
