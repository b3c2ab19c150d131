"""`POST /v1/recommendations`: a rep's week decided once, as `kqml plan` decides it."""

from dataclasses import replace

import orjson
import pytest
from pydantic import TypeAdapter
from sqlalchemy import func, select

from kqml.calendar.business_time import DAY_US
from kqml.contract.plans import RepPlan
from kqml.contract.recommendations import Recommendations
from kqml.duties import week
from models.churn.bundle import load_bundle
from models.churn.scoring import create_scorer
from models.policy.planning.learned_state import learned_state_from_json
from models.policy.planning.receipts import recreate_ranks
from serve.database.learned import read_learned
from serve.database.plans import decided_reps
from serve.database.tables import DECISIONS, LEARNED, OUTBOX
from serve.security.objections_and_reviews import set_objection
from serve.usecases import recommend_actions
from serve.usecases.rendered_texts import rendered_reasons

WEEK = "2023-W09"
MONDAY = week(WEEK).instants("Asia/Shanghai")[0]
REP = "R0001-00"


def recommend(client, headers=None, **body):
    answer = client.post("/v1/recommendations", json=body, headers=headers or {})
    assert answer.status_code == 200, answer.text
    TypeAdapter(Recommendations).validate_python(answer.json(), strict=True)
    return answer.json()


def refused(client, **body):
    answer = client.post("/v1/recommendations", json=body)
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["detail"]) for error in answer.json()["errors"]]


def count(database, table):
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_week_decided_in_chinese_is_read_in_english_and_back(filled):
    chinese = recommend(filled, rep_id=REP, language="zh")["decisions"]
    english = recommend(filled, rep_id=REP, language="en")["decisions"]
    shown = [
        filled.get(f"/v1/reps/{REP}/plan", params={"week": WEEK, "language": language}).json()["decisions"]
        for language in ("zh", "en")
    ]
    assert [[one["brief"] for one in plan] for plan in shown] == [
        [one["brief"] for one in decisions] for decisions in (chinese, english)
    ]
    briefed = [one["decision_id"] for one in english if one["brief"] is not None]
    for number, language in enumerate(("zh", "en", "zh")):
        receipts = [
            filled.get(f"/v1/decisions/{name}", params={"language": language}).json()["receipt"] for name in briefed
        ]
        sentences = [line for receipt in receipts for lines in receipt["brief"].values() for line in lines]
        sentences += [
            reason["text"] for receipt in receipts if receipt["score"] for reason in receipt["score"]["reasons"]
        ]
        sentences += [sentence for receipt in receipts for sentence in receipt["blocked"].values()]
        assert len(sentences) > 20
        assert {max(line) >= "一" for line in sentences} == {language == "zh"}, number


def test_a_reps_week_is_decided_once_and_told_everywhere(filled, database):
    told = recommend(filled, rep_id=REP, language="en")
    assert (told["week"], told["decided"], told["not_decided"], told["objected"]) == (WEEK, [REP], [], 0)
    assert {one["rep_id"] for one in told["decisions"]} == {REP}
    acted = [one for one in told["decisions"] if one["assigned"] != "wait"]
    assert acted
    assert all(one["brief"] is not None for one in acted)
    assert {one["evidence"]["code"] for one in told["decisions"]} == {"not_learned"}
    assert all("effect unknown" in one["evidence"]["text"] for one in told["decisions"])
    assert count(database, DECISIONS) == len(told["decisions"])
    assert count(database, OUTBOX) == 1
    again = recommend(filled, rep_id=REP, language="en")
    assert again == {**told, "decided": []}
    shown = filled.get(f"/v1/reps/{REP}/plan", params={"week": WEEK}).json()
    assert [one["decision_id"] for one in shown["decisions"]] == [one["decision_id"] for one in told["decisions"]]
    one = acted[0]
    moved = filled.post(f"/v1/decisions/{one['decision_id']}/status", json={"state": "accepted"})
    assert moved.status_code == 200
    states = {row["decision_id"]: row["state"] for row in recommend(filled, rep_id=REP)["decisions"]}
    assert states[one["decision_id"]] == "accepted"


def test_a_recommendation_writes_no_parquet_file(filled, break_parquet):
    break_parquet()
    assert recommend(filled, rep_id=REP)["decided"] == [REP]


def test_a_receipt_asked_by_http_re_creates_the_answer(filled, database, company):
    told = recommend(filled, rep_id=REP)
    scorer = create_scorer(load_bundle(company.bundles[0]))
    judged = [one for one in told["decisions"] if one["evidence"]["churn_probability"] is not None]
    assert judged
    for one in judged:
        receipt = filled.get(f"/v1/decisions/{one['decision_id']}").json()
        with database.reading() as connection:
            found = read_learned(connection, receipt["receipt"]["learned"])
        assert list(receipt["features"]) == list(found.columns)
        learned, playbook = learned_state_from_json(found.content)
        again = recreate_ranks(receipt["receipt"], list(receipt["features"].values()), scorer, learned, playbook)
        score = {**again["score"], "reasons": rendered_reasons(again["score"]["reasons"], "zh")}
        assert orjson.dumps(score) == orjson.dumps(receipt["receipt"]["score"])
        assert again["actions"] == receipt["receipt"]["actions"]
        assert again["actions"][one["assigned"]]["score"] == one["evidence"]["score"]
        assert receipt["states"][0]["by"] == "open"


def test_an_account_with_a_long_history_is_left_out_of_the_week(filled, monkeypatch):
    listed = filled.get("/v1/accounts", params={"rep": REP, "sort": "account_id"}).json()["accounts"]
    names = [account["account_id"] for account in listed][:3]
    monkeypatch.setattr("serve.usecases.planning_inputs.long_histories", lambda connection, ids: {names[0]})
    monkeypatch.setattr("serve.usecases.recommend_actions.long_histories", lambda connection, ids: {names[0]})
    told = recommend(filled, accounts=names, language="en")
    assert [(one["account_id"], one["code"]) for one in told["not_decided"]] == [(names[0], "long_history")]
    assert {one["account_id"] for one in told["decisions"]} == set(names[1:])


def test_accounts_get_the_weeks_of_their_reps_decided(filled, database):
    listed = filled.get("/v1/accounts", params={"rep": REP, "sort": "account_id"}).json()["accounts"]
    names = [account["account_id"] for account in listed][:4]
    with database.writing() as connection:
        set_objection(connection, names[0], MONDAY)
    filled.put("/v1/accounts/alone", json={})
    filled.put("/v1/accounts/shut", json={"status": "closed", "owner_rep_id": REP})
    told = recommend(filled, accounts=[*names, "alone", "shut"], language="en")
    assert told["decided"] == [REP]
    assert {one["account_id"]: one["code"] for one in told["not_decided"]} == {
        names[0]: "objecting",
        "alone": "nobody",
        "shut": "closed",
    }
    assert {one["account_id"] for one in told["decisions"]} == set(names[1:])
    whole = recommend(filled, rep_id=REP)
    assert whole["decided"] == []
    assert whole["objected"] == 1
    assert len(whole["decisions"]) > len(told["decisions"])
    assert names[0] not in {one["account_id"] for one in whole["decisions"]}


def test_an_account_handed_over_since_monday_is_still_of_that_week(filled, database):
    """It was REP's when the week began, so REP's hours were planned with it; who has it now did not have it then."""
    own = filled.get("/v1/accounts", params={"rep": REP, "limit": 500}).json()["accounts"]
    moved = own[0]["account_id"]
    filled.put(f"/v1/accounts/{moved}", json={**facts_of(own[0]), "owner_rep_id": "R-new"})
    week = recommend(filled, rep_id=REP)
    assert moved in {one["account_id"] for one in week["decisions"]}
    assert "has no open account in week" in refused(filled, rep_id="R-new")[0][1]
    other = recommend(filled, accounts=[moved])
    assert [one["rep_id"] for one in other["decisions"]] == [REP]


def facts_of(account):
    """What a CRM says of an account."""
    return {name: account[name] for name in ("tier", "segment", "region", "opened_on", "status") if account[name]}


def test_the_same_key_is_answered_the_same(filled, database):
    key = {"idempotency-key": "week-9"}
    told = recommend(filled, key, rep_id=REP)
    answer = filled.post("/v1/recommendations", json={"rep_id": REP}, headers=key)
    assert (answer.json(), answer.headers["idempotency-replayed"]) == (told, "true")
    assert count(database, LEARNED) == 1


@pytest.mark.parametrize("blind", [1, 2])
def test_who_decides_at_the_same_time_as_another_tells_what_the_other_decided(filled, database, monkeypatch, blind):
    """Seen neither before the work, nor, on a database with several writers, when it is written."""
    told = recommend(filled, rep_id=REP)
    count_before, looks = count(database, DECISIONS), []

    def late(*asked):
        looks.append(asked)
        return frozenset() if len(looks) <= blind else decided_reps(*asked)

    monkeypatch.setattr(recommend_actions, "decided_reps", late)
    assert recommend(filled, rep_id=REP) == {**told, "decided": []}
    assert len(looks) == blind + 1
    assert count(database, DECISIONS) == count_before


def test_what_was_learned_for_the_whole_company_is_used(filled, database, company, published, monkeypatch):
    """With the knowledge of `kqml plan --database` the value model answers, not the trailing mean alone."""
    before = recommend(filled, rep_id=REP)
    with database.reading() as connection:
        row = connection.execute(select(LEARNED)).mappings().one()
        found = read_learned(connection, row["fingerprint"])
    learned, _ = learned_state_from_json(found.content)
    assert learned.value.booster is None
    assert found.model == before["decisions"][0]["model"]
    content = found.content.replace('"why":"not_learned"', '"why":"nothing_drawn"')
    other = replace(found, fingerprint="better", content=content, cutoff=found.cutoff)
    reps = {one["owner_rep_id"] for one in filled.get("/v1/accounts", params={"limit": 500}).json()["accounts"]}
    with database.writing() as connection:
        from serve.database.learned import add_learned

        add_learned(connection, other, row["learned_at"] + 1)
    told = recommend(filled, rep_id=min(reps - {REP, None}))
    assert {one["evidence"]["code"] for one in told["decisions"]} == {"nothing_drawn"}


def test_the_next_week_is_previewed_before_its_monday(filled, database, now):
    answer = filled.get(f"/v1/reps/{REP}/plan", params={"week": "next", "language": "en"})
    assert answer.status_code == 200, answer.text
    TypeAdapter(RepPlan).validate_python(answer.json(), strict=True)
    preview = answer.json()
    assert (preview["week"], preview["preview"]) == ("2023-W10", True)
    assert {(row["decision_id"], row["state"], *row["next"]) for row in preview["decisions"]} == {(None, "recommended")}
    required = [row["must"] for row in preview["decisions"]]
    assert required == sorted(required, reverse=True)
    assert any(row["assigned"] != "wait" and row["brief"]["steps"] for row in preview["decisions"])
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(DECISIONS)).scalar_one() == 0

    now[0] = MONDAY + 7 * DAY_US
    decided = {row["account_id"]: row["assigned"] for row in recommend(filled, rep_id=REP)["decisions"]}
    assert {row["account_id"]: row["assigned"] for row in preview["decisions"]} == decided
    assert filled.get("/v1/reps/R-none/plan", params={"week": "next"}).status_code == 404


def test_what_cannot_be_decided_is_pointed_at(filled, now):
    assert refused(filled) == [("#", "exactly one of rep_id and accounts is required")]
    assert refused(filled, rep_id=REP, accounts=["a"]) == [("#", "exactly one of rep_id and accounts is required")]
    assert refused(filled, rep_id="R-none") == [("#/rep_id", "rep 'R-none' does not exist")]
    assert refused(filled, accounts=["x", "x"])[1] == ("#/accounts/1", "is a duplicate")
    assert refused(filled, rep_id=REP, week="2023-W10")[0][1].startswith("2023-W10 has not begun")
    assert refused(filled, rep_id=REP, week="2023-W53")[0][0] == "#/week"
    assert "is over" in refused(filled, rep_id=REP, week="2023-W08")[0][1]
    filled.post("/v1/reps", json={"reps": [{"rep_id": "R-new"}]})
    assert "has no open account in week" in refused(filled, rep_id="R-new")[0][1]
    recommend(filled, rep_id=REP)
    now[0] += 7 * DAY_US
    assert recommend(filled, rep_id=REP, week=WEEK)["decisions"]
