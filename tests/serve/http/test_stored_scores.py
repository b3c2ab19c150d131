"""`POST /v1/scores` by accounts of the database: the same bits as the batch, and as the same history in the body."""

from dataclasses import replace

import orjson
import pytest
from open_access import OpenAccess
from plain_vault import PlainVault
from published_bundles import publish
from service_around import service_around
from starlette.testclient import TestClient

from kqml.calendar.business_time import moment_of
from models.churn.bundle import load_bundle
from models.churn.scoring import as_json, create_scorer
from serve.database.dataset_import import load_dataset
from serve.database.territory import Territory
from serve.logs import build_logger
from serve.security.callers import EVERYTHING, Caller
from serve.server import create_app
from serve.usecases.scoring_model import load_live
from serve.usecases.served_model import ServedModel


class Limited:
    """Lets a caller see some reps' accounts only."""

    def __init__(self, *reps):
        self.caller = Caller("limited", EVERYTHING, Territory(frozenset(reps)))

    async def caller_of(self, request):
        return self.caller


@pytest.fixture
def served_database(database, company):
    load_dataset(database, company.dataset, company.cutoff, PlainVault())
    return database


@pytest.fixture
def ask(company, logged, served_database):
    """Asks the service for stored accounts, as a caller of these reps where named."""
    opened = []

    def client_of(*reps):
        log = build_logger(logged)
        served = ServedModel(publish(company, 0), load_live, log)
        access = Limited(*reps) if reps else OpenAccess()
        service = service_around(served, served_database, access, lambda: company.cutoff, 2**20)
        opened.append(TestClient(create_app(service, log)))
        return opened[-1].__enter__()

    def ask(ids, *reps, **more):
        body = {"accounts": [{"account_id": name} for name in ids], **more}
        return client_of(*reps).post("/v1/scores", json=body)

    yield ask
    for client in opened:
        client.__exit__(None, None, None)


@pytest.mark.parametrize("days_before_the_end", [0, 45.3])
def test_stored_accounts_score_as_in_the_batch_bit_for_bit(company, ask, days_before_the_end):
    cutoff = company.cutoff - round(days_before_the_end * 86_400e6)
    scorer = create_scorer(load_bundle(company.bundles[0]))
    batch = scorer.score(replace(company.asked(cutoff), reference=scorer.bundle.peers), 4)
    names = company.dataset.event_log().accounts.tolist()
    answer = ask(names[::-1], reasons=4, as_of=moment_of(cutoff).isoformat())
    assert answer.status_code == 200
    bare = [{name: score[name] for name in score if name != "evidence"} for score in answer.json()["scores"][::-1]]
    assert bare == [orjson.loads(orjson.dumps(as_json(score, "zh"))) for score in batch]
    assert sum(score["eligible"] for score in answer.json()["scores"]) > 10
    alone = ask(names[3:4], reasons=4, as_of=moment_of(cutoff).isoformat()).json()["scores"]
    assert alone == answer.json()["scores"][::-1][3:4]


def test_stored_and_sent_histories_may_stand_side_by_side(company, ask):
    name = str(company.dataset.event_log().accounts[0])
    sent = {"account_id": "x", "events": [{"occurred_at": "2022-01-01T00:00:00Z", "kind": "order"}]}
    answer = ask([name], accounts=[sent, {"account_id": name}])
    assert [score["account_id"] for score in answer.json()["scores"]] == ["x", name]


def test_accounts_that_nobody_knows_are_pointed_at(company, ask):
    known = str(company.dataset.event_log().accounts[0])
    answer = ask([known, "nobody", "; DROP TABLE events", known + "x"])
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [error["pointer"] for error in errors] == [f"#/accounts/{n}/account_id" for n in (1, 2, 3)]
    assert errors[0]["detail"] == "there is no account 'nobody'; send its events to score it"


def test_an_id_with_a_blank_at_its_end_is_refused_as_such(company, ask):
    known = str(company.dataset.event_log().accounts[0])
    answer = ask(["nobody", known + " "])
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/accounts/1/account_id"]


def test_others_accounts_are_as_if_they_were_not_there(company, ask):
    owners = company.dataset.accounts()["owner_rep_id"]
    rep = owners.iloc[0]
    own, others = owners.index[owners == rep].tolist(), owners.index[owners != rep].tolist()
    assert ask(own, rep).status_code == 200
    answer = ask([own[0], others[0], "nobody"], rep)
    details = [error["detail"].replace(others[0], "nobody") for error in answer.json()["errors"]]
    assert details == ["there is no account 'nobody'; send its events to score it"] * 2


def test_a_history_that_is_too_long_is_refused_by_its_place(ask, company, monkeypatch):
    names = sorted(company.dataset.event_log().accounts)[:2]
    monkeypatch.setattr("serve.http.routes.scores.INLINE_EVENTS", 2)
    monkeypatch.setattr("serve.usecases.score_accounts.MOST_EVENTS", 3)
    answer = ask(names)
    assert answer.status_code == 422
    assert answer.json()["errors"][1] == {
        "pointer": "#/accounts/1/account_id",
        "detail": f"account '{names[1]}' has more than 3 stored events; score it with `kqml score --database`",
    }


def test_a_long_history_is_scored_in_a_thread_with_the_same_bits(ask, company, monkeypatch):
    name = min(company.dataset.event_log().accounts)
    inline = ask([name])
    monkeypatch.setattr("serve.http.routes.scores.INLINE_EVENTS", 3)
    assert ask([name]).content == inline.content
