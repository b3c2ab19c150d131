"""`kqml erase`: erase personal data from the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typing_extensions import TypedDict

from kqml.contract.fields import Count
from kqml.errors import BadUse, Fault
from serve.cli.administration import change_database, personal_data_cipher, security_settings
from serve.cli.command import Answer, CommandContext, sentence

if TYPE_CHECKING:
    from serve.usecases.erase_person import ErasedCounts


class ErasedContact(TypedDict):
    """An erased contact with the count of its events that were cleared."""

    contact_id: str
    events: Count


class ExportedContact(TypedDict):
    """The file with everything that is kept about a contact."""

    contact_id: str
    out: str


class ErasedRecords(TypedDict):
    """What `--expired` erased."""

    erased: "ErasedCounts"


def run(
    context: CommandContext,
    contact: Annotated[str | None, typer.Argument(help="Id of the contact.")] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="Erase all records past their [retention] period.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option(help="Write all stored data about the contact to this JSON file and erase nothing.")
    ] = None,
) -> Answer[ErasedContact | ExportedContact | ErasedRecords]:
    """Erase a contact's personal data permanently: clear the fields, destroy their key, clear life events.

    Events keep the id of the contact; scores do not change. Run `--expired` nightly. Earlier backups still contain the
    data: see docs/security.md.

    Example: kqml erase C-1042
    """
    if (contact is None) != expired or (export is not None and contact is None):
        raise BadUse(
            "Give a contact or --expired: `kqml erase CONTACT`, `kqml erase CONTACT --export FILE` or "
            "`kqml erase --expired`."
        )
    if contact is None:
        return _erase_expired(context)
    return _erase(context, contact) if export is None else _export(context, contact, export)


def _erase(context: CommandContext, contact: str) -> Answer[ErasedContact]:
    from serve.usecases.erase_person import PersonRequest, erase_person

    with _known_contact(contact), change_database(context) as change:
        erased = erase_person(change.connection, PersonRequest(contact, change.actor, context.now))
    result = ErasedContact(contact_id=contact, events=erased["events"])
    return sentence("security.erase.contact", context.language, result)


def _export(context: CommandContext, contact: str, file: Path) -> Answer[ExportedContact]:
    import orjson

    from serve.usecases.erase_person import PersonRequest, export_person

    cipher = personal_data_cipher(context.settings)
    with _known_contact(contact), change_database(context) as change:
        content = export_person(change.connection, PersonRequest(contact, change.actor, context.now), cipher)
    file.touch(mode=0o600)
    file.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return sentence("security.erase.exported", context.language, ExportedContact(contact_id=contact, out=str(file)))


def _erase_expired(context: CommandContext) -> Answer[ErasedRecords]:
    from serve.usecases.erase_person import RetentionLimits, erase_expired

    settings = context.settings
    limits = RetentionLimits(**settings.retention.model_dump(), sessions=security_settings(settings).limits)
    with change_database(context) as change:
        counts = erase_expired(change.connection, change.actor, limits, context.now)
    return sentence("security.erase.expired", context.language, ErasedRecords(erased=counts), **counts)


@contextmanager
def _known_contact(contact: str) -> Iterator[None]:
    """Raise BadUse where the block finds no such contact."""
    from serve.usecases.refusals import UnknownRecord

    try:
        yield
    except UnknownRecord:
        fault = Fault(contact, "no contact has this id", "give the contact_id of the CRM")
        raise BadUse("The contact does not exist.", [fault]) from None
