"""`kqml erase`: people's data taken out of the store."""

from pathlib import Path
from typing import Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import Settings, read_settings
from serve.cli.administration import (
    Json,
    actor,
    now,
    open_settings_database,
    personal_data_cipher,
    print_result,
    security_settings,
)


def run(
    contact: Annotated[str | None, typer.Argument(help="Id of the contact.")] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="Erase what is older than [retention] lets it be.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option(help="Erase nothing: write what is kept about the contact to this JSON file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Erases a contact's personal data for good: fields emptied, their key destroyed, life events cleared.

    Events keep the contact's id, which then stands for nobody; scores do not change. `--expired` is for a nightly job.
    Backups made before still hold the data: see docs/security.md.

    Example: kqml erase C-1042
    """
    settings = read_settings()
    if (contact is None) != expired or (export is not None and contact is None):
        raise BadUse(
            "Say what to erase: `kqml erase CONTACT`, `kqml erase CONTACT --export FILE`, `kqml erase --expired`."
        )
    if contact is None:
        _erase_expired(settings, as_json)
    elif export is not None:
        _export(settings, contact, export, as_json)
    else:
        _erase(settings, contact, as_json)


def _erase(settings: Settings, contact: str, as_json: bool) -> None:
    from serve.security.erasure import erase

    with open_settings_database(settings) as database, database.writing() as connection:
        events = erase(connection, actor(), contact, now())
        if events is None:
            raise _unknown(contact)
    message = text("security.erase.contact", settings.language, contact_id=contact, events=events)
    print_result({"contact_id": contact, "events": events}, as_json, message)


def _export(settings: Settings, contact: str, file: Path, as_json: bool) -> None:
    import orjson

    from serve.security.audit import AuditEvent, record_event
    from serve.security.erasure import export_contact

    with open_settings_database(settings) as database, database.writing() as connection:
        result = export_contact(connection, personal_data_cipher(settings), contact)
        if result is None:
            raise _unknown(contact)
        record_event(connection, actor(), [AuditEvent("contact.export", "contact", contact)], now())
    file.touch(mode=0o600)
    file.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    message = text("security.erase.exported", settings.language, contact_id=contact, out=file)
    print_result({"contact_id": contact, "out": str(file)}, as_json, message)


def _erase_expired(settings: Settings, as_json: bool) -> None:
    from serve.security.erasure import RetentionLimits, erase_expired

    limits = RetentionLimits(**settings.retention.model_dump(), sessions=security_settings(settings).limits)
    with open_settings_database(settings) as database, database.writing() as connection:
        counts = erase_expired(connection, actor(), limits, now())
    print_result({"erased": counts}, as_json, text("security.erase.expired", settings.language, **counts))


def _unknown(contact: str) -> BadUse:
    return BadUse("There is no such contact.", [Fault(contact, "no contact has this id", "give the id of the CRM")])
