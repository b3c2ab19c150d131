"""Checks before the service starts: never open to the network, never without a way to log in."""

import ipaddress
from dataclasses import dataclass

from sqlalchemy import Connection, exists, or_, select

from kqml.errors import Fault, Refused
from serve.database.engine import Database
from serve.database.tables import API_KEYS, USERS
from serve.security.oidc import OidcOptions
from serve.security.sessions import SessionLimits


@dataclass(frozen=True)
class SecurityOptions:
    """`open`, `tls`, `requests_per_minute`, `cors_origins` as in `kqml.security_settings`; `limits` of sessions;
    `oidc`: the provider of logins, None for passwords only."""

    open: bool
    tls: bool
    limits: SessionLimits
    requests_per_minute: int = 60_000
    cors_origins: tuple[str, ...] = ()
    oidc: OidcOptions | None = None

    @property
    def cookie(self) -> str:
        """The name of the session cookie; by its prefix browsers accept it only over HTTPS and from this host."""
        return "__Host-kqml_session" if self.tls else "kqml_session"


def check_start(database: Database, options: SecurityOptions, host: str) -> bool:
    """Return whether the service starts with open access. Raises Refused where nobody could log in, or everybody in the
    network would have access."""
    with database.reading() as connection:
        if has_credentials(connection):
            return False
    if not options.open:
        todo = "run `kqml users create` or `kqml keys create`; for a trial set KQML_SECURITY__OPEN=true"
        raise Refused(
            "The service has no API keys and no users.", [Fault("database", "it contains no API key and no user", todo)]
        )
    if not is_loopback(host):
        todo = "create a key or a user, or listen on 127.0.0.1"
        raise Refused("The service would be open to the network without login.", [Fault("host", f"it is {host}", todo)])
    return True


def has_credentials(connection: Connection) -> bool:
    """Return whether a key or a user was ever created: revoking the last one does not open the service again."""
    result = connection.execute(select(or_(exists(select(API_KEYS.c.key_id)), exists(select(USERS.c.user_id)))))
    return bool(result.scalar_one())


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a name or address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
