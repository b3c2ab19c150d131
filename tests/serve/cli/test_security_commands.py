"""`kqml keys`, `users`, `webhooks`, `erase` on a database at home."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import BadUse
from serve.database.engine import open_database
from serve.database.tables import AUDIT_LOG, CONTACT_KEYS, CONTACTS, EVENTS, REPS
from serve.security.contact_vault import ContactVault
from serve.security.encryption import cipher_from_file, make_secret_key
from serve.security.passwords import is_password
from serve.security.users import find_user

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
PASSWORD = "korrekt pferd 电池"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("KQML_SECRET_KEYS", "KQML_DATABASE_URL", "KQML_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KQML_HOME", str(tmp_path))
    monkeypatch.setenv("KQML_LANGUAGE", "en")
    return tmp_path


@pytest.fixture
def kqml(home):
    """Runs a command with --json; its object, which fits the schema."""

    def run(*words: str, typed: str = "") -> dict:
        ended = CliRunner().invoke(create_app(), [*words, "--json"], input=typed)
        if isinstance(ended.exception, Exception):
            raise ended.exception
        answer = json.loads(ended.stdout)
        command = "-".join(words[:2]) if words[0] != "erase" else "erase"
        schema = json.loads((SCHEMAS / f"{command}.json").read_text())
        jsonschema_rs.validate(schema, answer)
        return answer

    return run


@pytest.fixture
def database(home, kqml):
    kqml("keys", "list")
    opened = open_database(f"sqlite:///{home / 'kqml.db'}")
    yield opened
    opened.close()


def test_a_key_is_made_listed_revoked(kqml):
    made = kqml("keys", "create", "crm", "--scope", "events:write", "--scope", "accounts:read", "--days", "30")
    (listed,) = kqml("keys", "list")["keys"]
    assert (listed["key_id"], listed["scopes"]) == (made["key_id"], ["accounts:read", "events:write"])
    assert made["key"] not in json.dumps(listed)
    assert (listed["revoked_at"], listed["expires_at"]) == (None, made["expires_at"])
    kqml("keys", "revoke", made["key_id"])
    assert kqml("keys", "list")["keys"][0]["revoked_at"] is not None
    with pytest.raises(BadUse, match="No key was revoked"):
        kqml("keys", "revoke", made["key_id"])


def test_a_scope_that_does_not_exist_is_told_with_those_that_do(kqml):
    with pytest.raises(BadUse, match="'events:red' is not a scope – use accounts:read"):
        kqml("keys", "create", "crm", "--scope", "events:red")
    assert kqml("keys", "list")["keys"] == []


def test_a_user_is_made_with_a_password_from_standard_input(kqml, database):
    with database.writing() as connection:
        connection.execute(insert(REPS).values(rep_id="R17", version=1, updated_at=1))
    kqml("users", "create", "wang", "--role", "rep", "--rep", "R17", typed=PASSWORD + "\n")
    kqml("users", "create", "admin", "--role", "admin", typed=PASSWORD + "\n")
    assert [(user["login"], user["role"], user["rep_id"]) for user in kqml("users", "list")["users"]] == [
        ("admin", "admin", None),
        ("wang", "rep", "R17"),
    ]
    with database.reading() as connection:
        found = find_user(connection, "wang")
    assert is_password(PASSWORD, found.password_hash)


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("wang", "--role", "rep"), PASSWORD, "a rep without a rep would see nothing"),
        (("w w", "--role", "admin"), PASSWORD, "'w w' is no login"),
        (("wang", "--role", "admin"), "short", "The password is too weak"),
        (("wang", "--role", "admin"), "", "The password is too weak"),
        (("taken", "--role", "admin"), PASSWORD, "another user has this login"),
    ],
)
def test_a_user_that_cannot_be_is_refused_with_why(kqml, words, typed, said):
    kqml("users", "create", "taken", "--role", "admin", typed=PASSWORD)
    with pytest.raises(BadUse, match=said):
        kqml("users", "create", *words, typed=typed)
    assert [user["login"] for user in kqml("users", "list")["users"]] == ["taken"]


def test_a_password_is_changed_and_a_user_disabled(kqml, database):
    kqml("users", "create", "wang", "--role", "admin", typed=PASSWORD)
    kqml("users", "password", "wang", typed="another 密码 entirely")
    with database.reading() as connection:
        assert is_password("another 密码 entirely", find_user(connection, "wang").password_hash)
    kqml("users", "disable", "wang")
    assert kqml("users", "list")["users"][0]["disabled_at"] is not None
    with pytest.raises(BadUse, match="The user does not exist"):
        kqml("users", "disable", "zhang")


def put_contact(home, database):
    with database.writing() as connection:
        record = {"contact_id": "c1", "account_id": "a1", "name": "王小明", "phone": "13800000000", "role": "owner"}
        sealed = ContactVault(cipher_from_file(None, home / "secret.keys")).seal(connection, [record])
        connection.execute(insert(CONTACTS), [{**sealed[0], "version": 1, "updated_at": 1}])
        event = {
            "account_id": "a1",
            "event_id": "e1",
            "kind": "life_event",
            "contact_id": "c1",
            "attributes": '{"topic":"child"}',
        }
        connection.execute(insert(EVENTS), [{**event, "occurred_at": 1, "known_at": 1, "received_at": 1}])


def test_a_contact_is_exported_then_erased_for_good(home, kqml, database):
    put_contact(home, database)
    kqml("erase", "c1", "--export", str(home / "c1.json"))
    exported = json.loads((home / "c1.json").read_text())
    assert (exported["contact"]["name"], exported["events"][0]["attributes"]) == ("王小明", '{"topic":"child"}')
    assert (home / "c1.json").stat().st_mode & 0o077 == 0
    assert kqml("erase", "c1") == {"contact_id": "c1", "events": 1}
    with database.reading() as connection:
        (contact,) = connection.execute(select(CONTACTS)).mappings()
        assert (contact["name"], contact["phone"], contact["role"]) == (None, None, "owner")
        assert contact["erased_at"] is not None
        assert connection.execute(select(CONTACT_KEYS)).all() == []
        assert connection.execute(select(EVENTS.c.attributes, EVENTS.c.contact_id)).all() == [(None, "c1")]
    with pytest.raises(BadUse, match="The contact does not exist"):
        kqml("erase", "c2")


@pytest.mark.parametrize("words", [(), ("c1", "--expired"), ("--expired", "--export", "x.json")])
def test_erase_wants_one_thing(kqml, words):
    with pytest.raises(BadUse, match="Give a contact or --expired"):
        kqml("erase", *words)


def test_expired_things_are_counted(kqml):
    assert set(kqml("erase", "--expired")["erased"].values()) == {0}


def test_what_commands_change_is_in_the_audit_log_without_secrets(kqml, database):
    made = kqml("keys", "create", "crm", "--scope", "events:write")
    kqml("users", "create", "wang", "--role", "admin", typed=PASSWORD)
    with database.reading() as connection:
        entries = connection.execute(select(AUDIT_LOG)).mappings().all()
    assert [entry["action"] for entry in entries] == ["key.create", "user.create"]
    assert all(entry["actor"].startswith("command:") for entry in entries)
    assert made["key"][17:] not in str(entries)
    assert PASSWORD not in str(entries)


def test_secret_keys_are_exchanged(home, kqml, database, monkeypatch):
    put_contact(home, database)
    old, new = (home / "secret.keys").read_text().strip(), make_secret_key()
    monkeypatch.setenv("KQML_SECRET_KEYS", f"{new},{old}")
    assert kqml("keys", "rotate")["resealed"] == {"contacts": 1, "webhooks": 0}
    monkeypatch.setenv("KQML_SECRET_KEYS", new)
    kqml("erase", "c1", "--export", "c1.json")
    assert json.loads((home / "c1.json").read_text())["contact"]["phone"] == "13800000000"


def test_webhooks_are_made_listed_renewed_disabled(kqml, monkeypatch):
    monkeypatch.setenv("KQML_WEBHOOKS__LOOPBACK", "true")
    made = kqml("webhooks", "create", "http://127.0.0.1:9/hook", "--kind", "plan.created")
    (listed,) = kqml("webhooks", "list")["webhooks"]
    assert (listed["webhook_id"], listed["waiting"], "secret" in listed) == (made["webhook_id"], 0, False)
    assert kqml("webhooks", "renew", made["webhook_id"])["secret"] != made["secret"]
    assert kqml("webhooks", "dead")["dead"] == []
    assert kqml("webhooks", "replay")["replayed"] == 0
    kqml("webhooks", "disable", made["webhook_id"])
    with pytest.raises(BadUse, match="No secret was renewed"):
        kqml("webhooks", "renew", made["webhook_id"])


def test_a_webhook_into_the_network_or_of_no_kind_is_refused_at_once(kqml):
    with pytest.raises(BadUse, match=r"(?s)'party' is not a message kind.*127\.0\.0\.1 is this machine"):
        kqml("webhooks", "create", "http://127.0.0.1:9/hook", "--kind", "party")


def test_people_are_told_in_their_language(home, monkeypatch):
    shown = CliRunner().invoke(create_app(), ["keys", "create", "crm", "--scope", "model:read"])
    assert shown.output.startswith("Created key ")
    monkeypatch.setenv("KQML_LANGUAGE", "zh")
    assert "crm" in CliRunner().invoke(create_app(), ["keys", "list"], env={"COLUMNS": "200"}).output
    assert CliRunner().invoke(create_app(), ["users", "list"]).output.startswith("还没有用户")


def test_a_key_is_limited_to_a_rep_that_exists(kqml, database):
    with pytest.raises(BadUse, match="rep 'R9' does not exist"):
        kqml("keys", "create", "tablet", "--scope", "scores:read", "--rep", "R9")
    with database.writing() as connection:
        connection.execute(insert(REPS).values(rep_id="R9", version=1, updated_at=1))
    assert kqml("keys", "create", "tablet", "--scope", "scores:read", "--rep", "R9")["rep_id"] == "R9"
    with pytest.raises(BadUse, match="the scope admin knows no territory"):
        kqml("keys", "create", "boss", "--scope", "admin", "--rep", "R9")


def test_a_user_is_limited_to_a_rep_that_exists(kqml, database):
    with pytest.raises(BadUse, match="rep 'R9' does not exist"):
        kqml("users", "create", "wang", "--role", "rep", "--rep", "R9", typed=f"{PASSWORD}\n{PASSWORD}\n")


def test_a_key_expires_in_a_year_unless_told_otherwise(kqml):
    made = kqml("keys", "create", "crm", "--scope", "events:write")
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=364) < left <= timedelta(days=365)
