"""A real bundle behind the service: the same bits as in the batch, warnings, a card."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import orjson
import pytest
from open_access import OpenAccess
from published_bundles import publish
from pydantic import TypeAdapter
from service_around import service_around
from small_company import SmallCompany
from starlette.testclient import TestClient

from kqml.calendar.business_time import instant_of, moment_of
from kqml.contract.scores import ScoreAnswer
from kqml.contract.status import ModelCard
from kqml.errors import CouldNot
from models.churn.bundle import load_bundle
from models.churn.scoring import as_json, create_scorer
from models.registry.served_pointer import ServedPointer, write_pointer
from serve.logs import build_logger
from serve.server import create_app
from serve.usecases.scoring_model import load_live
from serve.usecases.served_model import ServedModel


@pytest.fixture
def client(company, logged, app_database):
    log = build_logger(logged)
    served = ServedModel(publish(company, 0), load_live, log)
    service = service_around(served, app_database, OpenAccess(), lambda: company.cutoff, 16 * 2**20)
    with TestClient(create_app(service, log)) as client:
        yield client


def body_of(company: SmallCompany, cutoff: int) -> dict:
    """Every account of the company with its whole history, as a customer's system would send it."""
    events = company.dataset.events().to_pylist()
    accounts = company.dataset.accounts()
    histories = {name: [] for name in company.dataset.event_log().accounts}
    for event in events:
        histories[event["account_id"]].append(sent(event))
    accounts["opened_on"] = accounts["opened_on"].astype(str).str[:10]
    profiles = [sent(profile) for profile in accounts.reset_index().to_dict("records")]
    known = ("tier", "segment", "region", "opened_on")
    return {
        "as_of": moment_of(cutoff, "Asia/Shanghai").isoformat(),
        "reasons": 4,
        "accounts": [
            {"account_id": name, "account": {key: profile[key] for key in known}, "events": histories[name]}
            for name, profile in zip(histories, profiles, strict=True)
        ],
    }


def sent(record: Mapping) -> dict:
    known = {name: value for name, value in record.items() if value is not None and value == value}
    if known.get("attributes"):
        known["attributes"] = orjson.loads(known["attributes"])
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in known.items()}


@pytest.mark.parametrize("days_before_the_end", [0, 45.3])
def test_the_service_scores_as_the_batch_does_bit_for_bit(company, client, days_before_the_end):
    cutoff = company.cutoff - round(days_before_the_end * 86_400e6)
    scorer = create_scorer(load_bundle(company.bundles[0]))
    batch = scorer.score(replace(company.asked(cutoff), reference=scorer.bundle.peers), 4)
    answer = client.post("/v1/scores", json=body_of(company, cutoff))
    assert answer.status_code == 200
    scores = answer.json()["scores"]
    hidden = "未计入在截止时间或之后才发生或记录的事件"
    for score in scores:
        assert score.pop("evidence")["events"] > 0
        score["warnings"] = [warning for warning in score["warnings"] if hidden not in warning]
    assert scores == [orjson.loads(orjson.dumps(as_json(score, "zh"))) for score in batch]
    assert sum(score["eligible"] for score in scores) > 10
    TypeAdapter(ScoreAnswer).validate_python(answer.json())


def test_one_account_scores_alone_as_among_others(company, client):
    body = body_of(company, company.cutoff)
    together = client.post("/v1/scores", json=body).json()["scores"]
    for place in range(0, len(together), 17):
        alone = client.post("/v1/scores", json={**body, "accounts": [body["accounts"][place]]}).json()["scores"]
        assert alone == [together[place]]


def test_what_was_left_out_is_said(client):
    orders = [{"occurred_at": f"2022-0{month}-01T00:00:00Z", "kind": "order", "amount": 5} for month in range(1, 7)]
    events = [*orders, {**orders[0], "amount": 0}, {**orders[0], "occurred_at": "2022-08-01T00:00:00Z"}]
    asked = {"language": "en", "as_of": "2022-07-01T00:00:00Z", "accounts": [{"account_id": "a", "events": events}]}
    warnings = client.post("/v1/scores", json=asked).json()["scores"][0]["warnings"]
    assert "orders with amount 0 were left out: 1" in warnings
    assert "events that happened or were recorded at or after the cutoff were left out: 1" in warnings


def test_the_card_says_what_the_bundle_holds(company, client):
    card = client.get("/v1/model").json()
    TypeAdapter(ModelCard).validate_python(card)
    assert (card["version"], card["grade"], card["definition"]["horizon"], card["definition"]["gap"]) == (
        "0",
        "B",
        60,
        14,
    )
    assert card["since"] == "2024-03-02T00:00:00+00:00"
    assert card["dataset_fingerprint"] == company.dataset.info.fingerprint


def test_a_bundle_with_a_changed_byte_is_not_served(company, tmp_path):
    shutil.copytree(company.bundles[0], tmp_path / "copy")
    trees = tmp_path / "copy" / "booster.txt"
    trees.write_bytes(trees.read_bytes().replace(b"leaf_value", b"leaf_valve", 1))
    write_pointer(tmp_path / "current.json", ServedPointer("1", "copy", "A", "", ""))
    with pytest.raises(CouldNot, match="bundle"):
        load_live(tmp_path / "current.json")


def test_opening_days_reach_the_model(company, client):
    orders = [{"occurred_at": f"2023-01-{day:02}T00:00:00Z", "kind": "order", "amount": 9} for day in range(1, 11)]
    body = {"as_of": "2023-01-12T00:00:00+08:00", "accounts": []}
    given = {"account_id": "a", "events": orders, "account": {"opened_on": "2022-01-03"}}
    answers = [
        client.post("/v1/scores", json={**body, "accounts": [account]}).json()["scores"][0]
        for account in (given, {**given, "account": {}})
    ]
    assert all(answer["eligible"] for answer in answers)
    assert answers[0]["reasons"] != answers[1]["reasons"]
    assert instant_of(datetime.fromisoformat(body["as_of"])) == 1_673_452_800_000_000
