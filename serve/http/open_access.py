"""Access without credentials on this machine until there is a key or a user."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from serve.database.engine import Database
from serve.http.access import Access
from serve.http.credentials import BELIEVED_US, DatabaseAccess
from serve.http.problems import Problem, ProblemError
from serve.security.callers import OPEN_CALLER, Caller
from serve.security.startup_checks import SecurityOptions, has_credentials, is_loopback

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def create_access(database: Database, options: SecurityOptions, clock: Callable[[], int]) -> Access:
    """Return authentication by the database; open to this machine while there are no credentials and the settings allow
    it."""
    known = DatabaseAccess(database, clock, options.limits, options.cookie)
    return OpenUntilKnown(database, clock, known) if options.open else known


class OpenUntilKnown:
    """Accepts every caller on this machine until there is a key or a user."""

    def __init__(self, database: Database, clock: Callable[[], int], known: DatabaseAccess) -> None:
        self._database = database
        self._clock = clock
        self._known = known
        self._closed = False
        self._believed_until = 0

    async def caller_of(self, request: Request) -> Caller:
        """Return the caller. Raises ProblemError: as `DatabaseAccess` once there are credentials; 403 for requests by
        another host name, from a page of another site, or through a proxy."""
        if not self._closed and self._clock() >= self._believed_until:
            self._closed = await run_in_threadpool(self._ask)
            self._believed_until = self._clock() + BELIEVED_US
        if self._closed:
            return await self._known.caller_of(request)
        if not _is_local(request):
            raise ProblemError(
                Problem.FORBIDDEN,
                "The service has no keys and no users, so it accepts requests from this machine only.",
            )
        return OPEN_CALLER

    def _ask(self) -> bool:
        with self._database.reading() as connection:
            return has_credentials(connection)


def _is_local(request: Request) -> bool:
    """Whether the request uses a name of this machine: a page of another site reaches its ports too, by the name of
    that site."""
    name = request.headers.get("host", "")
    host = name if name.endswith("]") else name.rpartition(":")[0] or name
    site = request.headers.get("sec-fetch-site", "none")
    return is_loopback(host) and site in ("none", "same-origin") and not any(h in request.headers for h in _FORWARDED)
