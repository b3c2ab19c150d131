"""Export the database as a dataset folder."""

from dataclasses import dataclass
from pathlib import Path

from kqml.dataset.folder import Dataset
from serve.database.dataset_export import export_dataset
from serve.security.audit import Actor, AuditEvent, record_event
from serve.usecases.database_access import OpenDatabase


@dataclass(frozen=True)
class ExportRequest:
    """The folder to write, whether an existing one is replaced, who exports."""

    out: Path
    force: bool
    actor: Actor


def export_database(opened: OpenDatabase, request: ExportRequest, now: int) -> Dataset:
    """Write the dataset folder with the personal fields decrypted, and record that in the audit log."""
    dataset = export_dataset(opened.database, request.out, opened.vault, force=request.force)
    with opened.database.writing() as connection:
        record_event(connection, request.actor, [AuditEvent("contact.export_all")], now)
    return dataset
