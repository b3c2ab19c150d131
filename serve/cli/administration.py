"""What the commands of security share: the store, the keys that seal, who acts."""

import getpass
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from time import time_ns
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.calendar.business_time import moment_of
from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import Settings
from serve.cli.output import emit

if TYPE_CHECKING:
    from rich.console import Console

    from serve.database.engine import Database
    from serve.security.audit import Actor
    from serve.security.encryption import Cipher
    from serve.security.roles import Role
    from serve.security.startup_checks import SecurityOptions
    from serve.security.users import UserRecord
    from serve.webhooks.addresses import AllowedNetworks

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_MINUTE = 60 * 1_000_000


def security_settings(settings: Settings, open_: bool = False) -> "SecurityOptions":
    """What the settings, or the flag `--open`, say of who is let in."""
    from serve.security.sessions import SessionLimits
    from serve.security.startup_checks import SecurityOptions

    message = settings.security
    limits = SessionLimits(idle=message.session_idle_minutes * _MINUTE, absolute=message.session_hours * 60 * _MINUTE)
    return SecurityOptions(open=open_ or message.open, tls=message.tls, limits=limits)


def personal_data_cipher(settings: Settings) -> "Cipher":
    """The keys that seal personal data; without a setting those of the file, made where absent."""
    from serve.security.encryption import cipher_from_file

    secret = settings.secret_keys
    return cipher_from_file(None if secret is None else secret.get_secret_value(), settings.secret_file.absolute())


def allowed_networks(settings: Settings) -> "AllowedNetworks":
    """Where webhooks may point."""
    from serve.webhooks.addresses import AllowedNetworks

    return AllowedNetworks(loopback=settings.webhooks.loopback, private=settings.webhooks.private)


@contextmanager
def open_settings_database(settings: Settings) -> Iterator["Database"]:
    """The settings' store, brought up to this program."""
    from serve.database.preparation import open_prepared

    database = open_prepared(settings.database_address, settings.time_zone)
    try:
        yield database
    finally:
        database.close()


def actor() -> "Actor":
    """The user of this machine, as the audit log knows commands."""
    from serve.security.audit import Actor

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    return Actor(f"command:{name}")


def now() -> int:
    """The present instant."""
    return time_ns() // 1_000


def iso(instant: int | None) -> str | None:
    """An instant as ISO 8601 in UTC."""
    return None if instant is None else moment_of(instant).isoformat()


def print_table(console: "Console", language: str, topic: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A table headed by the catalogue's words for the columns of the first row; the topic's `none` without rows."""
    from rich.table import Table
    from rich.text import Text

    if not rows:
        console.print(text(f"{topic}.none", language), markup=False, soft_wrap=True)
        return
    table = Table(*(text(f"{topic}.{head}", language) for head in rows[0]))
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    console.print(table)


def print_result(result: Mapping[str, Any], as_json: bool, sentence: str) -> None:
    """The result as JSON, or a sentence for a person."""
    emit(result, as_json, lambda console: console.print(sentence, markup=False, soft_wrap=True))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def read_password(login: str, language: str) -> str:
    """A new password: asked for twice on a terminal, else the first line of standard input. Raises BadUse with why it
    may not be chosen."""
    from serve.security.passwords import faults_of

    if sys.stdin.isatty():
        first = typer.prompt(text("security.users.ask", language), hide_input=True, err=True)
        again = typer.prompt(text("security.users.again", language), hide_input=True, err=True)
        if first != again:
            raise BadUse("The two passwords differ; nothing was changed.")
    else:
        first = sys.stdin.readline().rstrip("\r\n")
    faults = [Fault("the password", what, "choose another one") for what in faults_of(first, login)]
    if faults:
        raise BadUse("The password is too weak.", faults)
    return str(first)


def find_known_user(database: "Database", login: str) -> "UserRecord":
    """The user of a login. Raises BadUse."""
    from serve.security.users import find_user

    with database.reading() as connection:
        result = find_user(connection, login)
    if result is None:
        raise BadUse("There is no such user.", [Fault(login, "nobody has this login", "see `kqml users list`")])
    return result


class RoleName(StrEnum):
    """The roles as the command line knows them; the same as `serve.security.roles.Role`, which a test compares."""

    REP = "rep"
    MANAGER = "manager"
    DATA_SCIENTIST = "data_scientist"
    ADMIN = "admin"

    @property
    def role(self) -> "Role":
        from serve.security.roles import Role

        return Role(self.value)
