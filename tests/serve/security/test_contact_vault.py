"""Personal fields of contacts: unreadable in the database, readable for whoever may, gone once erased."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from security_company import NOW, SECOND, bearer
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from kqml.errors import CouldNot
from serve.database.contacts import put_contacts, read_contact
from serve.database.events import add_events
from serve.database.tables import ACCOUNTS, AUDIT_LOG, CONTACT_KEYS, CONTACTS, EVENTS, SESSIONS
from serve.database.territory import EVERYWHERE
from serve.security.audit import Actor
from serve.security.callers import Scope
from serve.security.contact_vault import PERSONAL, ContactVault, MaskingVault, rotate_keys
from serve.security.encryption import Cipher, make_secret_key, read_cipher
from serve.security.erasure import RetentionLimits, erase, erase_expired
from serve.security.roles import Role
from serve.security.sessions import SessionLimits, start_session
from serve.security.users import NewUser, add_user
from serve.webhooks.message_types import MessageKind, plan_created
from serve.webhooks.outbox import enqueue
from serve.webhooks.records import NewWebhook, add_webhook, count_deliveries, disable_webhook

SEALER = read_cipher(make_secret_key())
VAULT = ContactVault(SEALER)
ME = Actor("test")
PERSON = {
    "contact_id": "c1",
    "account_id": "a1",
    "name": "王小明",
    "role": "owner",
    "influence": "decides",
    "phone": "13800000000",
    "birthday": "03-14",
    "education": "师范",
    "home_town": "绍兴",
    "family": "two children",
    "character": "direct",
    "hobbies": "fishing",
    "attributes": '{"wechat":"wxm"}',
}
DAY = 86_400 * SECOND
KEPT = RetentionLimits(None, None, None, None, SessionLimits(10, 10))


@pytest.fixture
def filled(database):
    with database.writing() as connection:
        put_contacts(connection, [PERSON], NOW, EVERYWHERE, VAULT)
    return database


def stored(database):
    with database.reading() as connection:
        return dict(connection.execute(select(CONTACTS)).mappings().one())


def opened(database, vault=VAULT):
    with database.reading() as connection:
        return read_contact(connection, "c1", EVERYWHERE, vault)


def test_nothing_personal_can_be_read_in_the_database(filled):
    row = stored(filled)
    assert all(row[name].startswith("field1:") for name in PERSONAL)
    assert (row["role"], row["influence"]) == ("owner", "decides")
    whole = str(row)
    assert not any(PERSON[name] in whole for name in PERSONAL)


def test_whoever_has_the_keys_reads_all_of_it(filled):
    assert {name: opened(filled)[name] for name in PERSON} == PERSON


def test_the_same_person_put_in_again_changes_nothing(filled):
    before = stored(filled)
    with filled.writing() as connection:
        (put,) = put_contacts(connection, [PERSON], NOW + 1, EVERYWHERE, VAULT)
        (other,) = put_contacts(connection, [{**PERSON, "phone": None}], NOW + 2, EVERYWHERE, VAULT)
    assert (put.changed, other.changed) == (False, True)
    after = stored(filled)
    assert {name for name in before if before[name] != after[name]} == {"phone", "version", "updated_at"}


def test_equal_texts_of_two_people_or_fields_look_different(database):
    people = [{**PERSON, "contact_id": name, "hobbies": "tea", "character": "tea"} for name in ("c1", "c2")]
    with database.writing() as connection:
        put_contacts(connection, people, NOW, EVERYWHERE, VAULT)
        rows = connection.execute(select(CONTACTS.c.hobbies, CONTACTS.c.character)).all()
    assert len({cell for row in rows for cell in row}) == 4


def test_a_field_moved_to_another_place_does_not_open(filled):
    with filled.writing() as connection:
        connection.execute(update(CONTACTS).values(hobbies=CONTACTS.c.phone))
    with pytest.raises(CouldNot, match=r"c1\.hobbies: the encrypted text was changed or moved"):
        opened(filled)


def test_another_installations_keys_open_nothing(filled):
    with pytest.raises(CouldNot, match="cannot be decrypted"):
        opened(filled, ContactVault(read_cipher(make_secret_key())))


def test_without_need_nothing_is_opened(filled):
    seen = opened(filled, MaskingVault())
    assert {seen[name] for name in PERSONAL} == {None}
    assert seen["role"] == "owner"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300))
def test_any_text_comes_back(filled, written):
    with filled.writing() as connection:
        (row,) = VAULT.seal(connection, [{"contact_id": "c1", "name": written}])
        assert VAULT.open(connection, [row]) == [{"contact_id": "c1", "name": written}]


def test_exchanging_the_secret_key_seals_only_the_contacts_keys_anew(filled):
    before, fresh = stored(filled), Cipher("next", {**SEALER.keys, "next": bytes(32)})
    with filled.writing() as connection:
        assert [rotate_keys(connection, fresh), rotate_keys(connection, fresh)] == [1, 0]
    assert stored(filled) == before
    assert opened(filled, ContactVault(Cipher("next", {"next": bytes(32)})))["name"] == "王小明"


EVENT = {
    "event_id": "e1",
    "account_id": "a1",
    "kind": "life_event",
    "contact_id": "c1",
    "attributes": '{"topic":"child"}',
}


def put_event(database, **facts):
    row = {**dict.fromkeys(column.name for column in EVENTS.columns), **EVENT, "occurred_at": 1, "known_at": 2, **facts}
    row.pop("received_at")
    with database.writing() as connection:
        add_events(connection, [row], NOW, EVERYWHERE)


def test_an_erased_contact_is_gone_for_good(filled):
    sealed = stored(filled)
    put_event(filled)
    put_event(filled, event_id="e2", kind="visit", attributes='{"topic":"prices"}')
    with filled.writing() as connection:
        assert erase(connection, ME, "c1", NOW + 5) == 1
        assert erase(connection, ME, "nobody", NOW + 5) is None
    row = stored(filled)
    assert {row[name] for name in PERSONAL} == {None}
    assert (row["role"], row["erased_at"], row["version"]) == ("owner", NOW + 5, 2)
    with filled.reading() as connection:
        assert connection.execute(select(CONTACT_KEYS)).all() == []
        events = connection.execute(select(EVENTS.c.contact_id, EVENTS.c.attributes).order_by(EVENTS.c.event_id)).all()
        (entry,) = connection.execute(select(AUDIT_LOG)).mappings()
    assert [tuple(event) for event in events] == [("c1", None), ("c1", '{"topic":"prices"}')]
    assert (entry["action"], entry["subject"], entry["details"]) == ("contact.erase", "c1", '{"events": 1}')
    with pytest.raises(CouldNot, match="its key was destroyed"), filled.reading() as connection:
        VAULT.open(connection, [sealed])


def test_append_only_tables_are_closed_again_after_an_erasure(filled):
    put_event(filled)
    with filled.writing() as connection:
        erase(connection, ME, "c1", NOW)
    with pytest.raises(DBAPIError, match="append-only"), filled.writing() as connection:
        connection.execute(text("UPDATE events SET attributes = 'x'"))


def test_an_erased_life_event_may_be_sent_again_without_coming_back(filled):
    put_event(filled)
    with filled.writing() as connection:
        erase(connection, ME, "c1", NOW)
    put_event(filled)
    put_event(filled, event_id="e2")
    with filled.reading() as connection:
        assert connection.execute(select(EVENTS.c.attributes)).scalars().all() == [None, None]


def test_retention_erases_contacts_of_accounts_that_ended_long_ago(filled):
    account = {"account_id": "a1", "described": True, "version": 1, "updated_at": NOW, "status": "closed"}
    with filled.writing() as connection:
        connection.execute(insert(ACCOUNTS), [account])
    limits = RetentionLimits(365, None, None, None, SessionLimits(10, 10))
    for days, erased in ((365, 0), (366, 1), (400, 0)):
        with filled.writing() as connection:
            assert erase_expired(connection, ME, limits, NOW + days * DAY)["contacts"] == erased
    assert stored(filled)["name"] is None


def test_retention_erases_contacts_that_nobody_touched(filled):
    limits = RetentionLimits(None, 100, None, None, SessionLimits(10, 10))
    for days, erased in ((100, 0), (101, 1)):
        with filled.writing() as connection:
            assert erase_expired(connection, ME, limits, NOW + days * DAY)["contacts"] == erased


def test_retention_deletes_old_entries_messages_sessions(database):
    with database.writing() as connection:
        user = add_user(connection, NewUser("wang", Role.ADMIN, None, None), "hash", NOW)
        start_session(connection, user, SessionLimits(10, 10), NOW)
        webhook = add_webhook(connection, SEALER, NewWebhook("https://x", frozenset(MessageKind), "t"), NOW)
        enqueue(connection, [plan_created("r1", "2024-W12", "p", 1, NOW)], NOW)
        erase_expired(connection, ME, KEPT, NOW)
    limits = RetentionLimits(None, None, 30, 30, SessionLimits(10, 10))

    def after(days):
        with database.writing() as connection:
            return erase_expired(connection, ME, limits, NOW + days * DAY)

    assert {name: count for name, count in after(31).items() if count} == {"sessions": 1, "audit_log": 1}
    with database.writing() as connection:
        disable_webhook(connection, webhook.webhook_id, NOW)
    assert after(32)["messages"] == 1
    with database.reading() as connection:
        assert count_deliveries(connection) == {}
        assert connection.execute(select(SESSIONS)).all() == []


@pytest.fixture
def served(client, company):
    everything = bearer(company.key(*Scope))
    for number in ("1", "2"):
        body = {name: value for name, value in PERSON.items() if name not in ("contact_id", "attributes")}
        client.put(f"/v1/contacts/p{number}", json={**body, "attributes": {"wechat": "wxm"}}, headers=everything)
    return client


def actions(company):
    with company.database.reading() as connection:
        rows = connection.execute(select(AUDIT_LOG.c.action, AUDIT_LOG.c.subject).order_by(AUDIT_LOG.c.number)).all()
    return [tuple(row) for row in rows]


def test_personal_fields_are_shown_by_scope_and_each_look_is_noted(served, company):
    seeing = bearer(company.key(Scope.READ_CONTACTS, Scope.SEE_PERSONAL))
    masked = bearer(company.key(Scope.READ_CONTACTS))
    noted = len(actions(company))
    assert served.get("/v1/contacts/p1", headers=masked).json()["phone"] is None
    assert actions(company)[noted:] == []
    assert served.get("/v1/contacts/p1", headers=seeing).json()["phone"] == "13800000000"
    contacts = served.get("/v1/accounts/a1/contacts", headers=seeing).json()["contacts"]
    assert [contact["phone"] for contact in contacts[1:]] == ["13800000000"] * 2
    assert actions(company)[noted:] == [("contact.read", name) for name in ("p1", "c1", "p1", "p2")]


def test_changes_are_noted_by_id_never_by_content(served, company):
    with company.database.reading() as connection:
        entries = str(connection.execute(select(AUDIT_LOG)).mappings().all())
    assert ("PUT /v1/contacts/{contact_id}", "p1") in actions(company)
    assert not any(PERSON[name] in entries for name in PERSONAL)


def test_a_batch_is_noted_with_every_id(client, company):
    records = [{"contact_id": name, "account_id": "a1", "name": "李"} for name in ("p7", "p8")]
    client.post("/v1/contacts", json={"contacts": records}, headers=bearer(company.key(*Scope)))
    with company.database.reading() as connection:
        details = connection.execute(select(AUDIT_LOG.c.details).order_by(AUDIT_LOG.c.number.desc())).scalars().first()
    assert '"ids": ["p7", "p8"]' in details
    assert "李" not in details


def test_an_erased_contact_cannot_be_put_in_again(served, company):
    with company.database.writing() as connection:
        erase(connection, ME, "p1", NOW)
    answer = served.put("/v1/contacts/p1", json={"account_id": "a1", "name": "王"}, headers=bearer(company.key(*Scope)))
    assert (answer.status_code, "was erased" in answer.text) == (422, True)
    assert served.get("/v1/contacts/p1", headers=bearer(company.key(*Scope))).json()["name"] is None
