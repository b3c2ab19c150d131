"""`PATCH` of accounts, contacts and reps: the fields given change, all others stay."""

import pytest
from sqlalchemy import select

from serve.database.tables import CONTACTS, EVENTS
from serve.usecases.merge_patch import merge_patch

ACCOUNT = {
    "name": "Corner 药店",
    "tier": "A",
    "segment": "pharmacy",
    "owner_rep_id": "R-7",
    "opened_on": "2021-05-01",
    "credit_grade": "B",
    "attributes": {"outlets": 3, "chain": {"name": "x", "size": 9}},
}
CONTACT = {"account_id": "a", "name": "王小明", "phone": "13800000000", "role": "owner", "attributes": {"tea": "green"}}
REP = {"name": "Zhao", "manager_id": "R-1", "minutes_per_week": 2100.0, "absences": [["2024-05-01", "2024-05-06"]]}


@pytest.fixture
def filled(client):
    client.put("/v1/accounts/a", json=ACCOUNT)
    client.put("/v1/contacts/c", json=CONTACT)
    client.put("/v1/reps/R-7", json=REP)
    return client


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7396_hold(target, patch, expected):
    assert merge_patch(target, patch) == expected


def test_an_account_changes_in_the_fields_given(filled):
    before = filled.get("/v1/accounts/a").json()
    changes = {"tier": "B", "credit_grade": None, "attributes": {"outlets": 4, "chain": {"size": None}, "new": True}}
    answer = filled.patch("/v1/accounts/a", json=changes, headers={"content-type": "application/merge-patch+json"})
    assert answer.status_code == 200
    assert answer.json() == {
        **before,
        "tier": "B",
        "credit_grade": None,
        "attributes": {"outlets": 4, "chain": {"name": "x"}, "new": True},
    }
    assert filled.get("/v1/accounts/a").json() == answer.json()


def test_a_change_of_an_account_becomes_an_event(filled, database):
    filled.patch("/v1/accounts/a", json={"owner_rep_id": "R-8"})
    with database.reading() as connection:
        kinds = connection.execute(select(EVENTS.c.kind, EVENTS.c.rep_id)).all()
    assert [tuple(row) for row in kinds] == [("rep_assigned", "R-8")]


def test_a_patch_that_changes_nothing_keeps_the_version(filled):
    tag = filled.get("/v1/accounts/a").headers["etag"]
    for changes in ({}, {"tier": "A"}, {"attributes": {}}):
        assert filled.patch("/v1/accounts/a", json=changes).headers["etag"] == tag


@pytest.mark.parametrize(("condition", "status"), [('"1"', 200), ("*", 200), ('"2"', 412)])
def test_a_condition_that_does_not_hold_changes_nothing(filled, condition, status):
    answer = filled.patch("/v1/accounts/a", json={"name": "new"}, headers={"if-match": condition})
    assert answer.status_code == status
    assert filled.get("/v1/accounts/a").json()["name"] == ("new" if status == 200 else ACCOUNT["name"])


def test_a_contact_keeps_what_is_not_given_encrypted_as_it_was(filled, database):
    def stored():
        with database.reading() as connection:
            return dict(connection.execute(select(CONTACTS)).mappings().one())

    before = stored()
    assert before["name"] != CONTACT["name"]
    changes = {"role": "buyer", "phone": None, "attributes": {"sport": "tennis"}}
    assert filled.patch("/v1/contacts/c", json=changes).json() == {"created": 0, "changed": 1, "same": 0}
    after = stored()
    assert (after["name"], after["phone"], after["version"]) == (before["name"], None, 2)
    shown = filled.get("/v1/contacts/c").json()
    assert (shown["name"], shown["role"], shown["attributes"]) == (
        "王小明",
        "buyer",
        {"tea": "green", "sport": "tennis"},
    )


def test_an_erased_contact_stays_erased(filled):
    assert filled.delete("/v1/contacts/c").status_code == 200
    answer = filled.patch("/v1/contacts/c", json={"name": "again"})
    assert (answer.status_code, "was erased" in answer.json()["errors"][0]["detail"]) == (422, True)


def test_a_rep_changes_in_the_fields_given(filled):
    assert filled.patch("/v1/reps/R-7", json={"region": "east", "manager_id": None}).json()["changed"] == 1
    rep = filled.get("/v1/reps/R-7").json()
    assert {name: rep[name] for name in (*REP, "region")} == {**REP, "region": "east", "manager_id": None}
    filled.patch("/v1/reps/R-7", json={"absences": [["2024-06-01", "2024-06-02"]]})
    assert filled.get("/v1/reps/R-7").json()["absences"] == [["2024-06-01", "2024-06-02"]]


@pytest.mark.parametrize("path", ["/v1/accounts/x", "/v1/contacts/x", "/v1/reps/x"])
def test_what_is_not_there_is_404(filled, path):
    assert filled.patch(path, json={}).status_code == 404
    assert filled.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "changes", "pointer"),
    [
        ("/v1/accounts/a", {"tier": "D"}, "#/tier"),
        ("/v1/accounts/a", {"colour": "red"}, "#/colour"),
        ("/v1/accounts/a", {"attributes": {f"k{number}": 1 for number in range(49)}}, "#/attributes"),
        ("/v1/contacts/c", {"account_id": None}, "#/account_id"),
        ("/v1/reps/R-7", {"absences": [["2024-06-03", "2024-06-02"]]}, "#/absences/0"),
    ],
)
def test_a_faulty_change_is_pointed_at_and_changes_nothing(filled, path, changes, pointer):
    before = filled.get(path).json()
    answer = filled.patch(path, json=changes)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])
    assert filled.get(path).json() == before
