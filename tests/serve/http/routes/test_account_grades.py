"""`…/grades`, `…/relationship`, `…/emotional-account`: what a dataset of the same events says, account by account."""

from datetime import UTC, datetime, timedelta

import pytest
from plain_vault import PlainVault

from kqml.dataset.folder import read_dataset
from kqml.playbook import read_playbook
from serve.database.account_grades import store_grades
from serve.database.dataset_export import export_dataset
from serve.database.dataset_info import initialise_info
from serve.database.events import add_events
from serve.database.tables import EVENTS
from serve.database.territory import EVERYWHERE
from serve.usecases.report_grades import GradesRequest, report_grades

NOW = 1_710_892_800_000_000
DAY = 86_400_000_000
AT = "2024-03-20T08:00:00+08:00"
KINDS = (
    ("visit", 400, {"contact_id": "c1", "minutes": 40.0}),
    ("order", 390, {"amount": 1000.0}),
    ("visit", 100, {"contact_id": "c1", "minutes": 40.0}),
    ("order", 90, {"amount": 800.0}),
    ("help_asked", 80, {}),
    ("complaint", 60, {"contact_id": "c1"}),
    ("complaint_resolved", 55, {}),
    ("promise_made", 50, {"due_at": NOW - 40 * DAY}),
    ("help_given", 20, {}),
    ("order", 10, {"amount": 900.0}),
    ("visit", 5, {"contact_id": "c1", "minutes": 30.0}),
)


def event(account, number, kind, days, facts):
    at = NOW - days * DAY
    row = dict.fromkeys(column.name for column in EVENTS.columns if column.name != "received_at")
    row |= {"event_id": f"{account}-{number}", "account_id": account, "occurred_at": at, "known_at": at, "kind": kind}
    return {**row, **facts}


@pytest.fixture
def graded(client, database):
    """Account a with a history, b with half of it, c described without events."""
    with database.writing() as connection:
        initialise_info(connection, "Asia/Shanghai")
    rows = [{"account_id": name, "tier": "A", "owner_rep_id": "R-7"} for name in "abc"]
    client.post("/v1/accounts", json={"accounts": rows})
    people = [{"contact_id": "c1", "account_id": "a", "name": "王", "role": "owner", "hobbies": "fishing"}]
    client.post("/v1/contacts", json={"contacts": people})
    with database.writing() as connection:
        add_events(connection, [event("a", n, *facts) for n, facts in enumerate(KINDS)], NOW, EVERYWHERE)
        add_events(connection, [event("b", n, *facts) for n, facts in enumerate(KINDS[::2])], NOW, EVERYWHERE)
    return client


@pytest.fixture
def reported(graded, database, tmp_path):
    """What `kqml report grades` says of account a in a folder with the same data."""
    export_dataset(database, tmp_path / "out", PlainVault())
    request = GradesRequest(
        dataset=read_dataset(tmp_path / "out"), playbook=read_playbook(), account="a", at=AT, quarters=4, out=None
    )
    return report_grades(request).account


RANKED = ("abc", "overall_score", "overall_class")


def test_grades_are_those_of_the_report(graded, reported):
    answer = graded.get("/v1/accounts/a/grades?quarters=4").json()
    assert (answer["account_id"], answer["as_of"], answer["classes"]) == ("a", AT, None)
    expected = [{name: value for name, value in row.items() if name not in RANKED} for row in reported.standing]
    assert [row["period"] for row in answer["periods"]] == [row["period"] for row in expected]
    assert [row["period"] for row in expected][:2] == ["trailing", "2023-Q2"]
    for row, other in zip(answer["periods"], expected, strict=True):
        assert row == pytest.approx({name: other[name] for name in row}, nan_ok=False)


def test_classes_are_those_of_the_last_scoring_of_all_accounts(graded, database):
    with database.writing() as connection:
        row = dict.fromkeys(("level", "single_contact", "emotional_balance", "relationship_grade"))
        store_grades(connection, [{**row, "account_id": "a", "abc": "B", "overall_class": "C"}], NOW - DAY)
    classes = graded.get("/v1/accounts/a/grades").json()["classes"]
    assert classes == {"as_of": "2024-03-19T08:00:00+08:00", "abc": "B", "overall_class": "C"}


def test_a_relationship_with_a_single_contact_is_warned_about(graded, reported):
    answer = graded.get("/v1/accounts/a/relationship?language=en").json()
    assert (answer["level"], answer["next_level"]) == (reported.standing[0]["level"], reported.next_level)
    assert [row["name"] for row in answer["criteria"]] == [criterion.name for criterion in reported.criteria]
    assert [row["value"] for row in answer["criteria"]] == [criterion.value for criterion in reported.criteria]
    assert (answer["contacts_known"], answer["contacts_met"], answer["single_contact"]) == (1, 1.0, True)
    assert answer["warning"].startswith("Only one person is known")
    assert "王" not in (text := graded.get("/v1/accounts/a/relationship").text)
    assert "fishing" not in text
    names = [field["name"] for field in answer["missing"]]
    assert names == [field.name for field in reported.missing]
    assert ("hobbies" in names, "character" in names) == (False, True)


def test_the_entries_of_the_emotional_account_add_up_to_its_balance(graded, reported):
    answer = graded.get("/v1/accounts/a/emotional-account?language=zh").json()
    entries = answer["entries"]
    assert [(entry["at"], entry["kind"], entry["points"], entry["balance"]) for entry in entries[::-1]] == [
        (line["at"], line["kind"], line["weight"], line["balance"]) for line in reported.statement
    ]
    assert sum(entry["left"] for entry in entries) == pytest.approx(answer["balance"])
    assert entries[0]["at"] >= entries[-1]["at"]
    assert {entry["name"] for entry in entries if entry["kind"] == "visit"} == {"拜访"}
    assert [entry["kind"] for entry in entries if entry["omitted"]] == ["complaint"]


def test_the_statement_is_read_in_pages_as_of_the_first(graded):
    whole = graded.get("/v1/accounts/a/emotional-account").json()["entries"]
    seen, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = graded.get("/v1/accounts/a/emotional-account", params={"limit": 3, **more}).json()
        seen, cursor = seen + page["entries"], page["next_cursor"]
        if cursor is None:
            break
    assert seen == whole
    assert len(whole) > 4


def test_an_earlier_instant_is_answered_by_what_was_known_then(graded):
    then = (datetime(2024, 3, 20, tzinfo=UTC) - timedelta(days=30)).isoformat()
    early = graded.get("/v1/accounts/a/grades", params={"as_of": then, "quarters": 0}).json()["periods"]
    assert [row["period"] for row in early] == ["trailing"]
    assert early[0]["problems_solved"] == 1
    now = graded.get("/v1/accounts/a/grades", params={"quarters": 0}).json()["periods"]
    assert now[0]["problems_solved"] == 2


@pytest.mark.parametrize("account", ["c"])
def test_an_account_without_events_has_no_grades(graded, account):
    assert graded.get(f"/v1/accounts/{account}/grades").json()["periods"] == []
    shown = graded.get(f"/v1/accounts/{account}/relationship").json()
    assert (shown["level"], shown["single_contact"], shown["contacts_known"], shown["warning"]) == (None, None, 0, None)
    statement = graded.get(f"/v1/accounts/{account}/emotional-account").json()
    assert (statement["balance"], statement["entries"], statement["next_cursor"]) == (None, [], None)


@pytest.mark.parametrize("path", ["grades", "relationship", "emotional-account"])
def test_what_is_not_there_is_404(graded, path):
    assert graded.get(f"/v1/accounts/nobody/{path}").status_code == 404


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("grades?quarters=41", "quarters"),
        ("grades?as_of=2090-01-01T00:00:00Z", "as_of"),
        ("emotional-account?cursor=AAAA", "cursor"),
    ],
)
def test_a_faulty_parameter_is_named(graded, path, parameter):
    answer = graded.get(f"/v1/accounts/a/{path}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, parameter)
