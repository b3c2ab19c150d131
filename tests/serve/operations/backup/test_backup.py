"""A backup makes the same installation again, elsewhere too; a backup that is not whole makes none."""

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from database_fixtures import *  # noqa: F403
from open_access import OpenAccess
from plain_vault import PlainVault
from registry_fixtures import company, empty_registry, two_versions  # noqa: F401
from service_around import service_around
from sqlalchemy import select
from starlette.testclient import TestClient

from kqml.calendar.business_time import instant_of
from kqml.errors import BadUse, CouldNot, Refused
from models.churn.bundle import load_bundle
from models.registry.aliases import SignedMove, promote
from models.registry.client import RegistryClient
from models.registry.moving import move_addresses
from models.registry.served_pointer import POINTER, ServedPointer, write_pointer
from models.registry.versions import find_version, read_bundle
from serve.database.dataset_import import load_dataset
from serve.database.engine import open_database, parse_address
from serve.database.tables import METADATA, WEBHOOKS
from serve.logs import build_logger
from serve.operations.backup.locations import BackupLocations
from serve.operations.backup.manifest import MANIFEST
from serve.operations.backup.restoring import RestoreOptions, restore_backup
from serve.operations.backup.saving import save_backup
from serve.security.encryption import make_secret_key, read_cipher
from serve.server import create_app
from serve.usecases.scoring_model import load_live
from serve.usecases.served_model import ServedModel
from serve.webhooks.message_types import MessageKind, band_crossed
from serve.webhooks.outbox import enqueue
from serve.webhooks.records import NewWebhook, add_webhook, count_deliveries

MADE_AT = datetime(2026, 11, 22, tzinfo=UTC)
NOW = instant_of(MADE_AT)


def places(home: Path, address: str) -> BackupLocations:
    return BackupLocations(home, parse_address(address), home / "mlflow.db", home / "secret.keys")


@pytest.fixture
def filled(database, database_address, company, two_versions, tmp_path) -> BackupLocations:  # noqa: F811
    """A home with a database of histories, a registry of two versions, one of them published, a secret."""
    load_dataset(database, company.dataset, company.cutoff, PlainVault())
    home = tmp_path / "home"
    shutil.copytree(two_versions.parent, home)
    registry = home / "mlflow.db"
    assert move_addresses(registry, str(two_versions.parent / "artifacts"), str(home / "artifacts")) > 0
    shutil.copytree(company.bundles[0], home / "served" / "1-ab")
    fingerprint = load_bundle(company.bundles[0]).fingerprint
    write_pointer(home / "served" / POINTER, ServedPointer("1", "1-ab", "B", "2026-11-01T00:00:00+00:00", fingerprint))
    (home / "secret.keys").write_text("not to be shown")
    return places(home, database_address)


@pytest.fixture
def elsewhere(empty_address, tmp_path) -> BackupLocations:
    """Another home, another database of the same kind, both empty."""
    return places(tmp_path / "new" / "home", empty_address)


def rows(address: str) -> dict[str, list[tuple]]:
    with closing(open_database(address)) as opened, opened.snapshot() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in METADATA.sorted_tables
        }


def scores(home: Path, address: str, company) -> dict:  # noqa: F811
    """What the service of this home answers for every account of its database."""
    with closing(open_database(address)) as opened:
        served = ServedModel(home / "served" / POINTER, load_live, build_logger())
        service = service_around(served, opened, OpenAccess(), lambda: company.cutoff, 2**20)
        names = [{"account_id": str(name)} for name in company.dataset.event_log().accounts]
        with TestClient(create_app(service, build_logger())) as client:
            return client.post("/v1/scores", json={"accounts": names}).json()


def test_what_is_restored_elsewhere_gives_the_same_scores(
    filled,
    elsewhere,
    database_address,
    company,  # noqa: F811
    tmp_path,
) -> None:
    save_backup(filled, tmp_path / "backup", MADE_AT)
    restore_backup(tmp_path / "backup", elsewhere, NOW)
    address = elsewhere.address.render_as_string(hide_password=False)

    assert rows(address) == rows(database_address)
    before, after = scores(filled.home, database_address, company), scores(elsewhere.home, address, company)
    assert before == after
    assert len(before["scores"]) == 90


def test_the_restored_registry_finds_its_versions_where_they_are_now(filled, elsewhere, tmp_path) -> None:
    save_backup(filled, tmp_path / "backup", MADE_AT)
    restore_backup(tmp_path / "backup", elsewhere, NOW)
    shutil.rmtree(filled.home)

    registry = RegistryClient(f"sqlite:///{elsewhere.registry}", elsewhere.artifacts)
    promote(registry, "2", SignedMove("tester", "restored", MADE_AT))
    assert read_bundle(registry, find_version(registry, "1")).fingerprint


def test_secret_keys_go_along_only_when_asked(filled, elsewhere, tmp_path) -> None:
    save_backup(filled, tmp_path / "plain", MADE_AT)
    save_backup(filled, tmp_path / "with", MADE_AT, secrets=True)

    assert not any(
        "not to be shown" in path.read_text("latin-1") for path in (tmp_path / "plain").rglob("*") if path.is_file()
    )
    restore_backup(tmp_path / "with", elsewhere, NOW)
    assert elsewhere.secrets.read_text() == "not to be shown"


def test_what_is_there_is_replaced_only_when_forced(filled, tmp_path, database_address) -> None:
    save_backup(filled, tmp_path / "backup", MADE_AT)
    kept = rows(database_address)
    with closing(open_database(database_address)) as opened, opened.writing() as connection:
        connection.exec_driver_sql("UPDATE accounts SET name = 'changed since'")

    with pytest.raises(Refused, match=r"already\. Nothing was restored"):
        restore_backup(tmp_path / "backup", filled, NOW)
    assert rows(database_address) != kept
    restore_backup(tmp_path / "backup", filled, NOW, RestoreOptions(force=True))
    assert rows(database_address) == kept


@pytest.mark.parametrize("harm", ["changed", "gone", "added"])
def test_a_backup_that_is_not_whole_changes_nothing(filled, elsewhere, tmp_path, harm) -> None:
    save_backup(filled, tmp_path / "backup", MADE_AT)
    pointer = tmp_path / "backup" / "served" / POINTER
    if harm == "changed":
        pointer.write_bytes(pointer.read_bytes() + b" ")
    elif harm == "gone":
        pointer.unlink()
    else:
        (tmp_path / "backup" / "extra").touch()

    with pytest.raises(CouldNot, match="is damaged"):
        restore_backup(tmp_path / "backup", elsewhere, NOW)
    assert not elsewhere.home.exists()


def test_a_backup_is_never_written_over_another(filled, tmp_path) -> None:
    save_backup(filled, tmp_path / "backup", MADE_AT)

    with pytest.raises(BadUse, match="exists already"):
        save_backup(filled, tmp_path / "backup", MADE_AT)


def test_a_failed_backup_leaves_nothing(filled, tmp_path, monkeypatch) -> None:
    def fail(folder: Path) -> dict[str, str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("serve.operations.backup.saving.digests", fail)

    with pytest.raises(OSError, match="No space"):
        save_backup(filled, tmp_path / "backup", MADE_AT)
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []


@pytest.mark.parametrize("content", [None, "{}", '{"format": 2}', "no json"])
def test_what_is_no_backup_is_refused(elsewhere, tmp_path, content) -> None:
    (tmp_path / "folder").mkdir()
    if content is not None:
        (tmp_path / "folder" / MANIFEST).write_text(content)

    with pytest.raises(CouldNot, match="not a backup"):
        restore_backup(tmp_path / "folder", elsewhere, NOW)


def test_a_backup_of_the_other_kind_of_database_is_refused(filled, elsewhere, tmp_path) -> None:
    save_backup(filled, tmp_path / "backup", MADE_AT)
    other = "postgresql://h/n" if filled.database else f"sqlite:///{tmp_path / 'x.db'}"

    with pytest.raises(BadUse, match="does not match the settings"):
        restore_backup(tmp_path / "backup", places(elsewhere.home, other), NOW)


@pytest.mark.parametrize(("keep", "waiting", "disabled"), [(False, 0, 1), (True, 1, 0)])
def test_webhooks_of_a_backup_are_disabled_unless_kept(filled, elsewhere, tmp_path, keep, waiting, disabled) -> None:
    before = open_database(filled.address.render_as_string(hide_password=False))
    with before.writing() as connection:
        wish = NewWebhook("https://x.example", frozenset({MessageKind.BAND_CROSSED}), "t")
        add_webhook(connection, read_cipher(make_secret_key()), wish, NOW)
        enqueue(connection, [band_crossed("a1", "low", "high", "2024-03-20T00:00:00+00:00", "3")], NOW)
    before.close()
    save_backup(filled, tmp_path / "backup", MADE_AT)

    restored = restore_backup(tmp_path / "backup", elsewhere, NOW, RestoreOptions(keep_webhooks=keep))

    after = open_database(elsewhere.address.render_as_string(hide_password=False))
    with after.reading() as connection:
        (count,) = count_deliveries(connection).values()
        ended = connection.execute(select(WEBHOOKS.c.disabled_at)).scalars().all()
    after.close()
    assert (restored.webhooks, count["waiting"], sum(at is not None for at in ended)) == (disabled, waiting, disabled)
