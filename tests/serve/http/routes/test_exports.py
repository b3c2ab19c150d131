"""`/v1/exports`: tables as files, whole, from one snapshot, in bounded memory."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest

from serve.database.decisions import add_decisions, add_state
from serve.database.scores import record_scores
from serve.database.tables import ACCOUNTS

NOW = 1_710_892_800_000_000
MONDAY = 1_710_691_200_000_000
REASONS = (
    '[{"code":"season","direction":"falling","contribution":-0.9,"message":{"key":"reasons.season.falling.plain"}},'
    '{"code":"longer_silent","direction":"rising","contribution":0.5,"message":{"key":'
    '"reasons.longer_silent.rising.days","values":{"silence":{"unit":"days","number":37.0}}}}]'
)
SCORE = {
    "cutoff": NOW,
    "model": "3",
    "scored_at": NOW,
    "eligible": True,
    "churn_probability": 0.5,
    "band": "high",
    "value_at_risk": 100.25,
    "reasons": REASONS,
    "warnings": '[{"key":"warnings.no_known_cause"}]',
    **dict.fromkeys(("before_cutoff", "before_model", "change_calendar", "change_data", "change_model")),
}
RECEIPT = {
    "given_for": "must",
    "score": {"churn_probability": 0.5, "band": "high", "value_at_risk": 7.5, "reasons": []},
    "blocked": {},
    "brief": {"musts": [{"key": "duties.duties.complaint"}], "why": [], "hours": [{"key": "warnings.separator"}]},
}
DECISION = {
    "week": "2024-W12",
    "cutoff": MONDAY,
    "policy": "ours@3",
    "playbook": "pharmacy@ab12",
    "model": "3",
    "assigned": "visit",
    "probability": 1.0,
    "eligible": "[]",
    "blocked": "{}",
    "must": True,
    "receipt": json.dumps(RECEIPT),
    "reason": "must",
}


@pytest.fixture
def filled(client, database):
    """Accounts a … e with scores and decisions; the name of a is a formula; e objects."""
    names = {"a": "=1+1", "b": "药店, 王", "c": None, "d": "d", "e": "e"}
    rows = [{"account_id": key, "name": name, "owner_rep_id": f"R-{key < 'c'}"} for key, name in names.items()]
    client.post("/v1/accounts", json={"accounts": rows})
    with database.writing() as connection:
        record_scores(connection, [{**SCORE, "account_id": name} for name in names])
        decisions = [{**DECISION, "decision_id": f"d-{n}", "account_id": n, "rep_id": f"R-{n < 'c'}"} for n in names]
        add_decisions(connection, decisions, MONDAY)
        add_decisions(connection, [{**DECISION, "decision_id": "old", "account_id": "a", "week": "2024-W11"}], MONDAY)
        add_state(connection, "d-a", {"state": "rejected", "at": NOW, "reason": "closed today", "by": "user:1"}, NOW)
        connection.execute(ACCOUNTS.update().where(ACCOUNTS.c.account_id == "e").values(objected_at=NOW))
    return client


def table(answer):
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_scores_are_exported_as_a_spreadsheet_opens_them(filled):
    answer = filled.get("/v1/exports/scores?language=en")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="scores.csv"'
    first, second, *_ = rows = table(answer)
    assert [row["account_id"] for row in rows] == list("abcde")
    assert (first["account_name"], second["account_name"]) == ("'=1+1", "药店, 王")
    assert (first["churn_probability"], first["band"], first["value_at_risk"]) == ("0.5", "high", "100.25")
    assert first["why"] == "37 days since the last order"
    assert [reason["code"] for reason in json.loads(first["reasons"])] == ["season", "longer_silent"]
    assert first["warnings"] == "no known cause for the raised risk"
    assert first["as_of"] == "2024-03-20T08:00:00+08:00"


def test_parquet_holds_the_same_with_types(filled):
    answer = filled.get("/v1/exports/scores?format=parquet&language=zh")
    rows = pq.read_table(io.BytesIO(answer.content)).to_pylist()
    assert [row["account_id"] for row in rows] == list("abcde")
    assert (rows[0]["account_name"], rows[0]["eligible"], rows[0]["churn_probability"]) == ("=1+1", True, 0.5)
    assert rows[0]["why"] == "距上次订货已 37 天"


def test_plans_are_exported_with_states_and_briefs(filled):
    first, *others = rows = table(filled.get("/v1/exports/plans?week=2024-W12&language=en"))
    assert [row["account_id"] for row in rows] == list("abcd")
    assert {name: first[name] for name in ("assigned", "reason", "state", "churn_probability", "week")} == {
        "assigned": "visit",
        "reason": "must",
        "state": "rejected",
        "churn_probability": "0.5",
        "week": "2024-W12",
    }
    assert [(state["state"], state["reason"]) for state in json.loads(first["states"])] == [
        ("recommended", "must"),
        ("rejected", "closed today"),
    ]
    assert first["musts"] == "complaint to resolve"
    assert {row["state"] for row in others} == {"recommended"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/exports/scores?rep=R-True", "ab"),
        ("/v1/exports/scores?account=c&account=x", "c"),
        ("/v1/exports/scores?band=low", ""),
        ("/v1/exports/plans?rep=R-False", "cd"),
        ("/v1/exports/plans?week=2024-W11", "a"),
        ("/v1/exports/plans?week=2024-W10", ""),
    ],
)
def test_exports_are_filtered_and_an_empty_one_has_its_header(filled, path, expected):
    answer = filled.get(path)
    assert "".join(row["account_id"] for row in table(answer)) == expected
    assert answer.content.decode("utf-8-sig").startswith('"')


@pytest.mark.parametrize("path", ["/v1/exports/scores?", "/v1/exports/plans?"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_size_of_batches_changes_nothing(filled, monkeypatch, path, form):
    whole = filled.get(f"{path}format={form}").content
    monkeypatch.setattr("serve.database.export_rows.BATCH", 2)
    parts = filled.get(f"{path}format={form}").content
    if form == "csv":
        assert parts == whole
    else:
        read = [pq.read_table(io.BytesIO(content)) for content in (whole, parts)]
        assert read[0].equals(read[1])


@pytest.mark.parametrize(("query", "parameter"), [("format=xlsx", "format"), ("week=2024-W60", "week"), ("x=1", "x")])
def test_a_faulty_parameter_is_named(filled, query, parameter):
    answer = filled.get(f"/v1/exports/plans?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, parameter)
