"""Authentication by an API key or a session cookie."""

from asyncio import get_running_loop
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from serve.database.engine import Database
from serve.database.territory import EVERYWHERE, Territory
from serve.http.csrf import check_origin, token_given
from serve.http.problems import Problem, ProblemError
from serve.security.api_keys import USED_EVERY_US, KeyRecord, find_key, note_use
from serve.security.callers import Caller
from serve.security.key_text import hash_of, is_same, key_id_of
from serve.security.role_scopes import SCOPES_OF, TERRITORIAL
from serve.security.roles import Role
from serve.security.sessions import SEEN_EVERY_US, Session, SessionLimits, find_session, is_csrf_token, touch_session
from serve.security.territories import own_territory, team_territory
from serve.security.users import UserRecord

BELIEVED_US = 2 * 1_000_000
"""How long a valid API key is cached: a revoked key works at most so long."""

REMEMBERED = 4096
"""Cached keys; more than a company has."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION = "kqml.session"
"""Scope key: the session of a request that came with one."""


@dataclass(frozen=True)
class _Believed:
    caller: Caller
    until: int


class DatabaseAccess:
    """Authenticates callers by the database. `cookie`: the name of the session cookie; `clock`: in microseconds."""

    def __init__(self, database: Database, clock: Callable[[], int], limits: SessionLimits, cookie: str) -> None:
        self.limits = limits
        self.cookie = cookie
        self._database = database
        self._clock = clock
        self._believed: dict[str, _Believed] = {}

    async def caller_of(self, request: Request) -> Caller:
        """Return the caller. Raises ProblemError: 401 without valid credentials, 403 for a write by session without the
        token of our forms."""
        given = request.headers.get("authorization")
        if given is not None:
            return await self._by_key(_bearer(given))
        token = request.cookies.get(self.cookie)
        if token is None:
            raise _unknown("Send an API key as `Authorization: Bearer kqml_…`, or log in.")
        return await self._by_session(request, token)

    async def _by_key(self, text: str) -> Caller:
        mark, now = hash_of(text), self._clock()
        believed = self._believed.get(mark)
        if believed is not None and now < believed.until:
            return believed.caller
        self._believed.pop(mark, None)
        key, caller = await run_in_threadpool(self._ask_for_key, text, now)
        if key.last_used_at is None or key.last_used_at < now - USED_EVERY_US:
            self._later(lambda connection: note_use(connection, key.key_id, now))
        if len(self._believed) >= REMEMBERED:
            self._believed.clear()
        self._believed[mark] = _Believed(caller, now + BELIEVED_US)
        return caller

    def _ask_for_key(self, text: str, now: int) -> tuple[KeyRecord, Caller]:
        key_id = key_id_of(text)
        with self._database.reading() as connection:
            result = None if key_id is None else find_key(connection, key_id)
            if result is None or not is_same(text, result.secret_hash) or not result.is_live(now):
                raise _unknown("The API key does not exist, has expired or was revoked.")
            territory = EVERYWHERE if result.rep_id is None else team_territory(connection, result.rep_id)
        return result, caller_of_key(result, territory)

    async def _by_session(self, request: Request, token: str) -> Caller:
        now = self._clock()
        session, caller = await run_in_threadpool(self._ask_for_session, token, now)
        if session.last_seen_at < now - SEEN_EVERY_US:
            self._later(lambda connection: touch_session(connection, session, now))
        if request.method not in SAFE_METHODS:
            check_origin(request)
            if not is_csrf_token(session, await token_given(request)):
                raise ProblemError(Problem.FORBIDDEN, "The form has expired. Load the page again.")
        request.scope[SESSION] = session
        return caller

    def _ask_for_session(self, token: str, now: int) -> tuple[Session, Caller]:
        with self._database.reading() as connection:
            session = find_session(connection, token, self.limits, now)
            if session is None:
                raise _unknown("The session has ended. Log in again.")
            territory = territory_of(connection, session.user)
        return session, caller_of_user(session.user, territory)

    def _later(self, write: Callable[[Connection], None]) -> None:
        """Write in the background, so that the request does not wait for another writer; a failed write is repeated at
        the next request."""

        def attempt() -> None:
            with suppress(SQLAlchemyError), self._database.writing() as connection:
                write(connection)

        get_running_loop().run_in_executor(None, attempt)


def caller_of_key(key: KeyRecord, territory: Territory) -> Caller:
    """Return the caller of a key."""
    return Caller(f"key:{key.key_id}", key.scopes, territory)


def caller_of_user(user: UserRecord, territory: Territory) -> Caller:
    """Return the caller of a user."""
    return Caller(f"user:{user.user_id}", SCOPES_OF[user.role], territory, user.role.value)


def territory_of(connection: Connection, user: UserRecord) -> Territory:
    """Return the accounts that a user may see."""
    if user.role not in TERRITORIAL:
        return EVERYWHERE
    return own_territory(user.rep_id) if user.role is Role.REP else team_territory(connection, user.rep_id)


def _bearer(header: str) -> str:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer":
        raise _unknown("The Authorization header is not `Bearer kqml_…`.")
    return text.strip()


def _unknown(detail: str) -> ProblemError:
    return ProblemError(Problem.UNAUTHENTICATED, detail, headers={"www-authenticate": 'Bearer realm="kqml"'})
