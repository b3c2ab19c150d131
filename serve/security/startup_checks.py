"""Whether the service may start: never open to the network, never without anybody who could log in."""

import ipaddress
from dataclasses import dataclass

from sqlalchemy import Connection, exists, or_, select

from kqml.errors import Fault, Refused
from serve.database.engine import Database
from serve.database.tables import API_KEYS, USERS
from serve.security.sessions import SessionLimits


@dataclass(frozen=True)
class SecurityOptions:
    """`open`, `tls` as in `kqml.security_settings`; sessions end after the limits."""

    open: bool
    tls: bool
    limits: SessionLimits

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; with its prefix browsers take it only by HTTPS, from this very host."""
        return "__Host-kqml_session" if self.tls else "kqml_session"


def check_start(database: Database, options: SecurityOptions, host: str) -> bool:
    """Whether the service starts open. Raises Refused where nobody could be let in, or everybody would be."""
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
    """True once a key or a user was ever made: the last one revoked does not open the service again."""
    result = connection.execute(select(or_(exists(select(API_KEYS.c.key_id)), exists(select(USERS.c.user_id)))))
    return bool(result.scalar_one())


def is_loopback(host: str) -> bool:
    """True for names and addresses that only this machine reaches."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
