"""Explanation, objection, review: what people may ask of decisions made by machine."""

import orjson
import pytest
import security_company
from security_company import NOW, SECOND, bearer
from sqlalchemy import select

from serve.database.tables import AUDIT_LOG
from serve.security.callers import Scope
from serve.security.objections_and_reviews import objecting_accounts

A1 = "/v1/accounts/a1"
NOWHERE = "/v1/accounts/zz"


@pytest.fixture
def everything(company):
    return bearer(company.key(*Scope))


def scored(client, headers):
    (score,) = client.post("/v1/scores", json={"accounts": [{"account_id": "a1"}]}, headers=headers).json()["scores"]
    return score


def test_an_explanation_tells_score_reasons_decisions_and_rights(client, company, everything):
    told = client.get(f"{A1}/explanation?language=en", headers=everything).json()
    assert told["score"]["reasons"] == orjson.loads(security_company.SCORE["reasons"])
    assert (told["score"]["churn_probability"], told["score"]["model"]) == (0.25, "3")
    (decision,) = told["decisions"]
    assert (decision["action"], decision["blocked"], decision["by_chance"]) == ("visit", {"call": "cooldown"}, True)
    assert "You may ask for an explanation" in told["statement"][-1]
    assert (told["objected_at"], [one["review_id"] for one in told["reviews"]]) == (None, ["v1"])


def test_an_account_without_scores_is_explained_too(client, company, everything):
    client.put("/v1/accounts/a9", json={}, headers=everything)
    told = client.get("/v1/accounts/a9/explanation", headers=everything).json()
    assert (told["score"], told["decisions"], told["reviews"]) == (None, [], [])
    assert "统计模型" in told["statement"][0]


def test_after_an_objection_nothing_is_scored_until_it_is_taken_back(client, company, everything):
    assert scored(client, everything)["churn_probability"] == 0.25
    answer = client.put(f"{A1}/objection", headers=everything)
    assert answer.json() == {"account_id": "a1", "objected_at": "2024-03-20T08:00:00+08:00"}
    company.clock.forward(60)
    assert client.put(f"{A1}/objection", headers=everything).json() == answer.json()
    with company.database.reading() as connection:
        assert set(objecting_accounts(connection)) == {"a1"}
    score = scored(client, everything)
    assert (score["churn_probability"], score["band"], score["eligible"], score["reasons"]) == (None, None, False, [])
    assert score["warnings"] == ["该客户已拒绝自动评分和推荐（自 2024-03-20 起）。"]
    assert client.delete(f"{A1}/objection", headers=everything).json()["objected_at"] is None
    assert scored(client, everything)["churn_probability"] == 0.25


def test_a_review_is_asked_for_answered_once(client, company, everything):
    company.clock.forward(1)
    answer = client.post(f"{A1}/reviews", json={"decision_id": "d1", "note": "why a visit?"}, headers=everything)
    assert (answer.status_code, answer.json()["resolved_at"]) == (201, None)
    review = answer.json()["review_id"]
    queue = client.get("/v1/reviews", headers=everything).json()["reviews"]
    assert [one["review_id"] for one in queue] == ["v1", "v2", "v3", "v4", review]
    path = f"/v1/reviews/{review}/answer"
    done = client.post(path, json={"answer": "called; stays"}, headers=everything)
    assert (done.status_code, done.json()["answer"]) == (200, "called; stays")
    assert client.post(path, json={"answer": "again"}, headers=everything).status_code == 409
    assert len(client.get("/v1/reviews", headers=everything).json()["reviews"]) == 4
    assert len(client.get("/v1/reviews?which=all", headers=everything).json()["reviews"]) == 5
    told = client.get(f"{A1}/explanation", headers=everything).json()
    assert [one["answer"] for one in told["reviews"]] == ["called; stays", None]


def test_reviews_come_in_pages_the_oldest_first(client, company, everything):
    asked = []
    for account in ("a1", "a2", "a1"):
        company.clock.forward(1)
        asked.append(client.post(f"/v1/accounts/{account}/reviews", json={}, headers=everything).json()["review_id"])
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(
            "/v1/reviews", params={"limit": 2, **({"cursor": cursor} if cursor else {})}, headers=everything
        )
        seen += [one["review_id"] for one in page.json()["reviews"]]
        cursor = page.json()["next_cursor"]
    assert seen == ["v1", "v2", "v3", "v4", *asked]


def test_a_decision_about_another_account_is_no_reason(client, company, everything):
    answer = client.post("/v1/accounts/a2/reviews", json={"decision_id": "d1"}, headers=everything)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/decision_id")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "explanation"), ("PUT", "objection"), ("DELETE", "objection"), ("POST", "reviews")],
)
def test_accounts_that_are_not_ones_own_are_not_there(client, company, method, path):
    mine = bearer(company.key(*Scope, rep_id="r2"))
    answers = [client.request(method, f"{account}/{path}", headers=mine, json={}) for account in (A1, NOWHERE)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"].replace("a1", "zz") == answers[1].json()["detail"]


def test_every_use_of_a_right_is_in_the_audit_log(client, company, everything):
    client.put(f"{A1}/objection", headers={**everything, "x-request-id": "q1"})
    client.post(f"{A1}/reviews", json={"note": "secret words"}, headers=everything)
    with company.database.reading() as connection:
        first, second = connection.execute(select(AUDIT_LOG).order_by(AUDIT_LOG.c.number)).mappings()
    assert (first["action"], first["subject_kind"], first["subject"]) == (
        "PUT /v1/accounts/{account_id}/objection",
        "account",
        "a1",
    )
    assert (first["request_id"], first["at"], first["actor"][:4]) == ("q1", NOW, "key:")
    assert second["action"] == "POST /v1/accounts/{account_id}/reviews"
    assert "secret words" not in str(second)
    assert NOW % SECOND == 0
