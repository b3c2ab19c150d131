"""`/v1/contacts`: people, sealed in the database, erased for good."""

import pytest
from sqlalchemy import select, text

from serve.database.tables import AUDIT_LOG
from serve.security.contact_vault import erase_contact

WANG = {"account_id": "a", "name": "王小明", "role": "manager", "birthday": "03-20", "attributes": {"tea": "龙井"}}


def test_a_contact_is_put_and_shown(client):
    assert client.put("/v1/contacts/c", json=WANG).json() == {"created": 1, "changed": 0, "same": 0}
    shown = client.get("/v1/contacts/c").json()
    assert {name: shown[name] for name in WANG} == WANG
    assert (shown["phone"], shown["erased_at"]) == (None, None)
    assert client.put("/v1/contacts/c", json=WANG).json()["same"] == 1
    assert client.put("/v1/contacts/c", json={**WANG, "phone": "123"}).json()["changed"] == 1


def test_nothing_personal_can_be_read_in_the_database(client, database):
    client.put("/v1/contacts/c", json=WANG)
    with database.reading() as connection:
        row = connection.execute(text("SELECT * FROM contacts")).mappings().one()
    assert row["role"] == "manager"
    assert not any(word in str(dict(row)) for word in ("王", "03-20", "龙井"))


def test_who_saw_a_person_is_noted(client, database):
    client.put("/v1/contacts/c", json=WANG)
    client.get("/v1/contacts/c")
    with database.reading() as connection:
        noted = connection.execute(select(AUDIT_LOG).where(AUDIT_LOG.c.action == "contact.read")).mappings().all()
    assert [(row["actor"], row["subject"]) for row in noted] == [("open", "c")]
    assert "王" not in str(noted)


def test_the_contacts_of_an_account_come_in_pages(client):
    client.put("/v1/accounts/a", json={})
    batch = [{"contact_id": f"c{number}", "account_id": "a", "name": f"n{number}"} for number in range(5)]
    assert client.post("/v1/contacts", json={"contacts": batch}).json()["created"] == 5
    first = client.get("/v1/accounts/a/contacts?limit=3").json()
    rest = client.get("/v1/accounts/a/contacts", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [contact["name"] for contact in first["contacts"] + rest["contacts"]] == [f"n{n}" for n in range(5)]
    assert rest["next_cursor"] is None
    assert client.get("/v1/accounts/b/contacts").status_code == 404


def test_an_erased_contact_stays_erased(client, database):
    client.put("/v1/contacts/c", json=WANG)
    with database.writing() as connection:
        assert erase_contact(connection, "c", 5)
    shown = client.get("/v1/contacts/c").json()
    assert (shown["name"], shown["birthday"], shown["attributes"]) == (None, None, None)
    assert shown["erased_at"] == "1970-01-01T08:00:00.000005+08:00"
    answer = client.put("/v1/contacts/c", json=WANG)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/contact_id")
    answer = client.post("/v1/contacts", json={"contacts": [{**WANG, "contact_id": "c"}]})
    assert answer.json()["errors"][0]["pointer"] == "#/contacts/0/contact_id"


@pytest.mark.parametrize(
    ("facts", "column"),
    [
        ({**WANG, "birthday": "1980-03-20"}, "birthday"),
        ({**WANG, "birthday": "02-32"}, "birthday"),
        ({"name": "x"}, "account_id"),
        ({**WANG, "hobbies": "a\x00b"}, "hobbies"),
        ({**WANG, "age": 7}, "age"),
    ],
)
def test_a_faulty_contact_is_pointed_at(client, facts, column):
    answer = client.put("/v1/contacts/c", json=facts)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [f"#/{column}"])


def test_a_rep_is_put_and_shown(client):
    zhao = {"name": "Zhao", "manager_id": "R-1", "minutes_per_week": 2100, "absences": [["2024-05-01", "2024-05-06"]]}
    assert client.put("/v1/reps/R-7", json=zhao).json()["created"] == 1
    shown = client.get("/v1/reps/R-7").json()
    assert {name: shown[name] for name in zhao} == zhao
    client.post("/v1/reps", json={"reps": [{"rep_id": "R-1"}, {"rep_id": "R-9"}]})
    first = client.get("/v1/reps?limit=2").json()
    rest = client.get("/v1/reps", params={"cursor": first["next_cursor"]}).json()
    assert [rep["rep_id"] for rep in first["reps"] + rest["reps"]] == ["R-1", "R-7", "R-9"]
    assert client.get("/v1/reps/R-2").status_code == 404


def test_an_absence_ends_after_it_starts(client):
    answer = client.put("/v1/reps/R", json={"absences": [["2024-05-01", "2024-05-06"], ["2024-05-07", "2024-05-06"]]})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/absences/1"]
