"""What the commands of security share: the database with its audit log, the keys of personal data, who acts."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import time_ns
from typing import TYPE_CHECKING, Any, overload

import typer

from kqml.calendar.business_time import moment_of
from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import Settings
from serve.cli.command import CommandContext
from serve.cli.registry_options import user_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from serve.database.engine import Database
    from serve.security.audit import Actor
    from serve.security.encryption import Cipher
    from serve.security.startup_checks import SecurityOptions
    from serve.security.users import UserRecord
    from serve.webhooks.addresses import AllowedNetworks

_MINUTE = 60 * 1_000_000


def security_settings(settings: Settings, open_: bool = False) -> "SecurityOptions":
    """What the settings, or the flag `--open`, say of who is let in."""
    from serve.security.sessions import SessionLimits
    from serve.security.startup_checks import SecurityOptions

    said = settings.security
    limits = SessionLimits(idle=said.session_idle_minutes * _MINUTE, absolute=said.session_hours * 60 * _MINUTE)
    return SecurityOptions(open=open_ or said.open, tls=said.tls, limits=limits)


def personal_data_cipher(settings: Settings) -> "Cipher":
    """The keys that seal personal data; without a setting those of the file, made where absent."""
    from serve.security.encryption import cipher_from_file

    secret = settings.secret_keys
    return cipher_from_file(None if secret is None else secret.get_secret_value(), settings.secret_file.absolute())


def allowed_networks(settings: Settings) -> "AllowedNetworks":
    """Where webhooks may point."""
    from serve.webhooks.addresses import AllowedNetworks

    return AllowedNetworks(loopback=settings.webhooks.loopback, private=settings.webhooks.private)


@dataclass(frozen=True)
class AuditedChange:
    """A transaction in which a command changes something, by whom, when; `record_event` enters it in the audit log."""

    connection: "Connection"
    actor: "Actor"
    now: int

    def record(
        self,
        action: str,
        subject_kind: str | None = None,
        subject: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Enter what was done to what in the audit log."""
        from serve.security.audit import AuditEvent, record_event

        record_event(self.connection, self.actor, [AuditEvent(action, subject_kind, subject, details)], self.now)


@contextmanager
def change_database(context: CommandContext) -> Iterator[AuditedChange]:
    """Open the settings' database, brought up to this program, for a change that is made whole or not at all."""
    with _prepared_database(context) as database, database.writing() as connection:
        yield AuditedChange(connection, actor(), context.now)


@contextmanager
def read_database(context: CommandContext) -> Iterator["Connection"]:
    """Open the settings' database, brought up to this program, for reading."""
    with _prepared_database(context) as database, database.reading() as connection:
        yield connection


@contextmanager
def _prepared_database(context: CommandContext) -> Iterator["Database"]:
    from serve.database.preparation import open_prepared

    database = open_prepared(context.settings.database_address, context.settings.time_zone)
    try:
        yield database
    finally:
        database.close()


def actor() -> "Actor":
    """The user of this machine, as the audit log knows commands."""
    from serve.security.audit import Actor

    return Actor(f"command:{user_name()}")


def now() -> int:
    """The present instant."""
    return time_ns() // 1_000


@overload
def iso(instant: int) -> str: ...


@overload
def iso(instant: int | None) -> str | None: ...


def iso(instant: int | None) -> str | None:
    """An instant as ISO 8601 in UTC."""
    return None if instant is None else moment_of(instant).isoformat()


def read_password(login: str, language: str) -> str:
    """A new password: asked for twice on a terminal, else the first line of standard input. Raises BadUse with why it
    may not be chosen."""
    from serve.security.passwords import faults_of

    if sys.stdin.isatty():
        first = typer.prompt(text("security.users.ask", language), hide_input=True, err=True)
        again = typer.prompt(text("security.users.again", language), hide_input=True, err=True)
        if first != again:
            raise BadUse("The two passwords differ. Nothing was changed.")
    else:
        first = sys.stdin.readline().rstrip("\r\n")
    faults = [Fault("password", what, "choose another password") for what in faults_of(first, login)]
    if faults:
        raise BadUse("The password is too weak.", faults)
    return str(first)


def find_known_user(connection: "Connection", login: str) -> "UserRecord":
    """Return the user of a login. Raises BadUse."""
    from serve.security.users import find_user

    user = find_user(connection, login)
    if user is None:
        raise BadUse("The user does not exist.", [Fault(login, "no user has this login", "see `kqml users list`")])
    return user
