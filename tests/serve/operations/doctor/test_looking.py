"""What the doctor finds in installations that are well, new, or broken in one way."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from database_fixtures import *  # noqa: F403
from registry_fixtures import empty_registry, two_versions  # noqa: F401
from small_company import SmallCompany
from sqlalchemy import text

from kqml.calendar.business_time import DAY_US, instant_of
from kqml.messages import LANGUAGES, catalogue
from kqml.messages import text as say
from models.churn.bundle import load_bundle
from models.churn.grade import Grade
from models.registry.client import RegistryClient
from models.registry.served_pointer import POINTER, ServedPointer, write_pointer
from models.registry.versions import Version
from serve.database.engine import Database, open_database
from serve.database.events import add_events
from serve.database.migration import revisions
from serve.database.territory import EVERYWHERE
from serve.operations.doctor.checks import Installation, run_checks
from serve.operations.doctor.finding import CheckResult
from serve.operations.doctor.machine import check_clock, check_disk, check_secrets
from serve.operations.doctor.model import check_model
from serve.security.encryption import make_secret_key

NOW = instant_of(datetime(2026, 11, 22, tzinfo=UTC))


def installation(home: Path, database: str, **said: str) -> Installation:
    return Installation(
        home=home,
        served=home / "served",
        database=database,
        registry=RegistryClient(f"sqlite:///{home / 'mlflow.db'}", home / "artifacts"),
        playbook=said.get("playbook", "pharmacy"),
        secret_keys=said.get("secret_keys"),
        secret_file=home / "secret.keys",
    )


def found(findings: list[CheckResult]) -> dict[str, tuple[str, str]]:
    """Part → state, message of what was found first; every message must be sayable in both languages."""
    for finding in findings:
        for language in LANGUAGES:
            say(f"doctor.{finding.part}.{finding.message}", language, **finding.values)
    return {finding.part: (finding.state, finding.message) for finding in reversed(findings)}


def publish(served: Path, bundle: Path) -> None:
    served.mkdir()
    shutil.copytree(bundle, served / "1-ab")
    fingerprint = load_bundle(bundle).fingerprint
    write_pointer(served / POINTER, ServedPointer("1", "1-ab", "B", "2026-11-01T00:00:00+00:00", fingerprint))


def test_nothing_is_made_by_looking_at_a_new_installation(tmp_path: Path) -> None:
    home = tmp_path / "home"

    seen = found(run_checks(installation(home, f"sqlite:///{home / 'kqml.db'}"), NOW))

    assert {part: state for part, (state, _) in seen.items() if state != "ok"} == dict.fromkeys(
        ("secrets", "database", "registry", "model"), "warning"
    )
    assert not home.exists()


def test_a_database_in_order_is_well_but_for_nobody_who_may_ask(
    database: Database, database_address: str, tmp_path: Path
) -> None:
    seen = found(run_checks(installation(tmp_path, database_address, secret_keys=make_secret_key()), NOW))

    assert (seen["database"], seen["access"], seen["secrets"]) == (
        ("ok", "well"),
        ("warning", "nobody"),
        ("ok", "well"),
    )


@pytest.mark.usefixtures("database")
def test_an_older_database_is_to_be_brought_up(
    database_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve.operations.doctor.database.revisions", lambda: [*revisions(), "9999"])

    assert found(run_checks(installation(tmp_path, database_address), NOW))["database"] == ("warning", "older")


def test_a_database_without_tables_is_to_be_brought_up(empty_address: str, tmp_path: Path) -> None:
    empty = open_database(empty_address)
    with empty.reading():
        pass
    empty.close()

    assert found(run_checks(installation(tmp_path, empty_address), NOW))["database"] == ("warning", "older")


def test_a_newer_database_is_not_to_be_touched(database: Database, database_address: str, tmp_path: Path) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert found(run_checks(installation(tmp_path, database_address), NOW))["database"] == ("failed", "newer")


def test_an_event_of_the_future_shows_that_the_clock_went_back(
    database: Database, database_address: str, tmp_path: Path
) -> None:
    row = {"event_id": "e", "account_id": "a", "kind": "visit", "occurred_at": NOW, "known_at": NOW + DAY_US}
    with database.writing() as connection:
        add_events(connection, [row], NOW + DAY_US, EVERYWHERE)

    assert found(run_checks(installation(tmp_path, database_address), NOW))["clock"] == ("failed", "behind")


@pytest.mark.parametrize(
    ("address", "message"),
    [("postgresql://nobody@127.0.0.1:1/none", "silent"), ("mysql://host/name", "unusable"), ("?", "unusable")],
)
def test_a_database_that_cannot_be_used_is_named(tmp_path: Path, address: str, message: str) -> None:
    assert found(run_checks(installation(tmp_path, address), NOW))["database"] == ("failed", message)


def test_a_damaged_file_is_no_database(tmp_path: Path, sqlite_template: Path) -> None:
    file = tmp_path / "kqml.db"
    file.write_bytes(sqlite_template.read_bytes()[:5000] + b"\xff" * 40_000)

    assert found(run_checks(installation(tmp_path, f"sqlite:///{file}"), NOW))["database"][0] == "failed"


@pytest.mark.parametrize(
    ("content", "mode", "states"),
    [
        (make_secret_key(), 0o600, [("ok", "well")]),
        (make_secret_key(), 0o644, [("failed", "open"), ("ok", "well")]),
        ("abc", 0o600, [("failed", "unusable")]),
    ],
    ids=["fine", "open to others", "no key"],
)
def test_secret_keys_are_judged_never_shown(tmp_path: Path, content: str, mode: int, states: list) -> None:
    file = tmp_path / "secret.keys"
    file.write_text(content)
    file.chmod(mode)

    seen = list(check_secrets(None, file))

    assert [(finding.state, finding.message) for finding in seen] == states
    assert content not in str(seen)


def test_the_clock_is_not_before_the_program() -> None:
    assert found([check_clock(0, None)]) == {"clock": ("failed", "past")}


def test_a_home_that_takes_no_writes_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)

    assert found([check_disk(tmp_path)]) == {"disk": ("failed", "closed")}


@pytest.mark.parametrize(
    ("free", "seen"), [(9 * 2**30, ("ok", "well")), (2**31, ("warning", "little")), (9, ("failed", "full"))]
)
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, seen: tuple) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: shutil._ntuple_diskusage(2**40, 0, free))  # type: ignore[attr-defined]

    assert found([check_disk(tmp_path)]) == {"disk": seen}


def test_the_served_model_is_compared_with_the_champion(company: SmallCompany, tmp_path: Path) -> None:
    publish(tmp_path / "served", company.bundles[0])
    trained = datetime.fromisoformat(orjson.loads((company.bundles[0] / "model.json").read_bytes())["trained_at"])

    def look(champion: int, days: int, bundle: str = "") -> dict[str, tuple[str, str]]:
        bundle = bundle or load_bundle(company.bundles[0]).fingerprint
        registered = Version(champion, Grade.B, ("champion",), "", "", "", bundle, "")
        today = datetime.fromtimestamp(trained.timestamp() + days * 86_400, UTC)
        return found([check_model(tmp_path / "served", registered, today)])

    assert look(1, 10) == {"model": ("ok", "well")}
    assert look(2, 10) == {"model": ("warning", "behind")}
    assert look(1, 200) == {"model": ("warning", "old")}
    assert look(1, 10, "ef" * 32) == {"model": ("failed", "exchanged")}


def test_a_changed_byte_of_the_model_is_found(company: SmallCompany, tmp_path: Path) -> None:
    publish(tmp_path / "served", company.bundles[0])
    model = tmp_path / "served" / "1-ab" / "model.json"
    model.write_bytes(model.read_bytes().replace(b"1", b"2", 1))

    assert found([check_model(tmp_path / "served", None, datetime.now(UTC))]) == {"model": ("failed", "unusable")}


def test_a_bad_playbook_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "mine.toml"
    bad.write_text("name = 3")

    seen = found(run_checks(installation(tmp_path, f"sqlite:///{tmp_path / 'x.db'}", playbook=str(bad)), NOW))

    assert seen["playbook"] == ("failed", "unusable")


def test_every_finding_has_words_in_both_languages() -> None:
    keys = [{part: sorted(said) for part, said in catalogue("doctor", language).items()} for language in LANGUAGES]

    assert keys[0] == keys[1]
