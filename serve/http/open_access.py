"""Access to the service: callers known by the database, or everybody on this machine until there is one."""

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
    """Knows callers by the database; while that knows nobody, and the settings allow it, everybody on this machine."""
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
            raise ProblemError(
                Problem.FORBIDDEN,
                "The service has no keys and no users, so it accepts requests from this machine only.",
            )
        return OPEN_CALLER

    def _ask(self) -> bool:
        with self._database.reading() as connection:
            return has_credentials(connection)


def _is_local(request: Request) -> bool:
    """A page of another site reaches this machine's ports too, under the name it was loaded from."""
    name = request.headers.get("host", "")
    host = name if name.endswith("]") else name.rpartition(":")[0] or name
    site = request.headers.get("sec-fetch-site", "none")
    return is_loopback(host) and site in ("none", "same-origin") and not any(h in request.headers for h in _FORWARDED)
