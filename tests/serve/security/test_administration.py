"""What administrators read and erase."""

from security_company import bearer

from serve.security.callers import Scope


def test_the_audit_log_is_read_newest_first_in_pages_by_subject(client, company):
    admin, writer = bearer(company.key(Scope.ADMINISTER)), bearer(company.key(*Scope))
    for number in range(3):
        client.put(f"/v1/accounts/b{number}", json={}, headers={**writer, "x-request-id": f"q{number}"})
    first = client.get("/v1/audit", params={"limit": 2}, headers=admin).json()
    second = client.get("/v1/audit", params={"limit": 2, "cursor": first["next_cursor"]}, headers=admin).json()
    assert [entry["subject"] for entry in (*first["entries"], *second["entries"])] == ["b2", "b1", "b0"]
    assert second["next_cursor"] is None
    (one,) = client.get("/v1/audit", params={"subject": "b1"}, headers=admin).json()["entries"]
    assert (one["action"], one["subject_kind"], one["request_id"]) == ("PUT /v1/accounts/{account_id}", "account", "q1")
    assert client.get("/v1/audit", params={"actor": "key:nobody"}, headers=admin).json()["entries"] == []


def test_a_key_of_a_territory_does_not_read_the_log_of_the_company(client, company):
    limited = bearer(company.key(*Scope, rep_id="m1"))
    answer = client.get("/v1/audit", headers=limited)
    assert (answer.status_code, "entries" in answer.text) == (403, False)


def test_an_erased_contact_is_empty_and_stays_so(client, company):
    everything = bearer(company.key(*Scope))
    assert client.get("/v1/contacts/c1", headers=everything).json()["name"] == "王1"
    assert client.delete("/v1/contacts/c1", headers=everything).json() == {"contact_id": "c1", "events": 0}
    found = client.get("/v1/contacts/c1", headers=everything).json()
    assert (found["name"], found["phone"], found["role"]) == (None, None, "owner")
    assert found["erased_at"] is not None
    assert client.delete("/v1/contacts/nobody", headers=everything).status_code == 404
