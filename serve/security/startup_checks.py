"""Whether the service may start, whom it then lets in."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, exists, or_, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from kqml.errors import Fault, Refused
from serve.database.engine import Database
from serve.database.tables import API_KEYS, USERS
from serve.http.access import OPEN_CALLER, Access, Caller
from serve.http.credentials import BELIEVED_US, DatabaseAccess
from serve.http.problems import Problem, ProblemError
from serve.security.sessions import SessionLimits

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


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
        todo = (
            "make an admin by `kqml users create` or a key by `kqml keys create`; to try it, KQML_SECURITY__OPEN=true"
        )
        raise Refused("Nobody may ask yet.", [Fault("the store", "it holds no API key and no user", todo)])
    if not is_loopback(host):
        todo = "make a key or a user, or listen on 127.0.0.1"
        raise Refused("The service would be open to the network.", [Fault("host", f"it is {host}", todo)])
    return True


def create_access(database: Database, options: SecurityOptions, clock: Callable[[], int]) -> Access:
    """Knows callers by the store; while that knows nobody, and the settings allow it, everybody on this machine."""
    known = DatabaseAccess(database, clock, options.limits, options.cookie)
    return OpenUntilKnown(database, clock, known) if options.open else known


class OpenUntilKnown:
    """Lets everybody on this machine in until there is a key or a user."""

    def __init__(self, database: Database, clock: Callable[[], int], known: DatabaseAccess) -> None:
        self._database = database
        self._clock = clock
        self._known = known
        self._closed = False
        self._believed_until = 0

    async def caller_of(self, request: Request) -> Caller:
        """Raises ProblemError: as `DatabaseAccess` once somebody is known; 403 where the request comes by another name
        than this machine's, from a page of somebody else's or through a proxy."""
        if not self._closed and self._clock() >= self._believed_until:
            self._closed = await run_in_threadpool(self._ask)
            self._believed_until = self._clock() + BELIEVED_US
        if self._closed:
            return await self._known.caller_of(request)
        if not _is_local(request):
            raise ProblemError(Problem.FORBIDDEN, "Without keys and users the service answers this machine only.")
        return OPEN_CALLER

    def _ask(self) -> bool:
        with self._database.reading() as connection:
            return has_credentials(connection)


def has_credentials(connection: Connection) -> bool:
    """True once a key or a user was ever made: the last one revoked does not open the service again."""
    found = connection.execute(select(or_(exists(select(API_KEYS.c.key_id)), exists(select(USERS.c.user_id)))))
    return bool(found.scalar_one())


def is_loopback(host: str) -> bool:
    """True for names and addresses that only this machine reaches."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_local(request: Request) -> bool:
    """A page of another site reaches this machine's ports too, under the name it was loaded from."""
    name = request.headers.get("host", "")
    host = name if name.endswith("]") else name.rpartition(":")[0] or name
    site = request.headers.get("sec-fetch-site", "none")
    return is_loopback(host) and site in ("none", "same-origin") and not any(h in request.headers for h in _FORWARDED)
