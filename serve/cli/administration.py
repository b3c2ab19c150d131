"""Shared by the commands of security: the database with its audit log, the cipher of personal data, the actor."""

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

    from kqml.security_settings import OidcSettings
    from serve.security.audit import Actor
    from serve.security.encryption import Cipher
    from serve.security.oidc import OidcOptions
    from serve.security.startup_checks import SecurityOptions
    from serve.security.users import UserRecord
    from serve.webhooks.addresses import AllowedNetworks

_MINUTE = 60 * 1_000_000


def security_settings(settings: Settings, open_: bool = False) -> "SecurityOptions":
    """Return the options of access from the settings and the flag `--open`."""
    from serve.security.sessions import SessionLimits
    from serve.security.startup_checks import SecurityOptions

    options = settings.security
    limits = SessionLimits(idle=options.session_idle_minutes * _MINUTE, absolute=options.session_hours * 60 * _MINUTE)
    return SecurityOptions(
        open=open_ or options.open,
        tls=options.tls,
        limits=limits,
        requests_per_minute=options.requests_per_minute,
        cors_origins=options.cors_origins,
        oidc=_oidc_options(settings.oidc),
    )


def _oidc_options(oidc: "OidcSettings | None") -> "OidcOptions | None":
    from serve.security.oidc import OidcOptions

    if oidc is None:
        return None
    secret = None if oidc.client_secret is None else oidc.client_secret.get_secret_value()
    return OidcOptions(oidc.issuer, oidc.client_id, secret, oidc.redirect_url)


def personal_data_cipher(settings: Settings) -> "Cipher":
    """Return the cipher of personal data: its keys come from the setting, else from the file, which is created."""
    from serve.security.encryption import cipher_from_file

    secret = settings.secret_keys
    return cipher_from_file(None if secret is None else secret.get_secret_value(), settings.secret_file.absolute())


def allowed_networks(settings: Settings) -> "AllowedNetworks":
    """Return the networks that webhooks may send to."""
    from serve.webhooks.addresses import AllowedNetworks

    return AllowedNetworks(loopback=settings.webhooks.loopback, private=settings.webhooks.private)


@dataclass(frozen=True)
class AuditedChange:
    """A transaction of a command with its actor and time; `record` writes an event to the audit log."""

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
        """Write an event to the audit log."""
        from serve.security.audit import AuditEvent, record_event

        record_event(self.connection, self.actor, [AuditEvent(action, subject_kind, subject, details)], self.now)


@contextmanager
def change_database(context: CommandContext) -> Iterator[AuditedChange]:
    """Open the database of the settings, migrated, for a change that is committed whole or not at all."""
    from serve.usecases.database_access import prepared_database

    settings = context.settings
    with (
        prepared_database(settings.database_address, settings.time_zone) as database,
        database.writing() as connection,
    ):
        yield AuditedChange(connection, actor(), context.now)


@contextmanager
def read_database(context: CommandContext) -> Iterator["Connection"]:
    """Open the database of the settings, migrated, for reading."""
    from serve.usecases.database_access import prepared_database

    settings = context.settings
    with (
        prepared_database(settings.database_address, settings.time_zone) as database,
        database.reading() as connection,
    ):
        yield connection


def actor() -> "Actor":
    """Return the user of this machine as an actor of the audit log."""
    from serve.security.audit import Actor

    return Actor(f"command:{user_name()}")


def now() -> int:
    """Return the present instant."""
    return time_ns() // 1_000


@overload
def iso(instant: int) -> str: ...


@overload
def iso(instant: int | None) -> str | None: ...


def iso(instant: int | None) -> str | None:
    """Return an instant as ISO 8601 in UTC."""
    return None if instant is None else moment_of(instant).isoformat()


def read_password(login: str, language: str) -> str:
    """Read a new password: twice from a terminal, else the first line of standard input. Raises BadUse with the rules
    that it violates."""
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
