"""State shared by all routes: the model, the database, the clock, the limits."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from kqml.playbook import Playbook
from serve.database.engine import Database
from serve.http.access import Access
from serve.http.database_check import DatabaseCheck
from serve.http.metrics import Metrics
from serve.http.problems import Problem, ProblemError
from serve.http.rate_limits import RateLimiter
from serve.security.encryption import Cipher
from serve.security.oidc import OidcProvider
from serve.security.startup_checks import SecurityOptions
from serve.usecases.database_access import Transaction
from serve.usecases.database_histories import DatabaseHistories
from serve.usecases.served_model import LiveModel, ServedModel


class BackgroundTask(Protocol):
    """Work that runs in a thread of its own."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


_NO_CHAMPION = "no version is the champion: run `kqml promote VERSION`, or start with `kqml serve --model VERSION`"


@dataclass(frozen=True)
class Service:
    """`clock`: returns the present instant. `language`: of reasons when a request names none. `body_limit`: in bytes.
    `cipher`: of personal data. `playbook`: the rules in force. `background_tasks`: run while the service does."""

    served: ServedModel
    metrics: Metrics
    database: Database
    histories: DatabaseHistories
    access: Access
    clock: Callable[[], int]
    language: str
    body_limit: int
    security: SecurityOptions
    cipher: Cipher
    playbook: Playbook
    background_tasks: Sequence[BackgroundTask] = ()

    @cached_property
    def database_check(self) -> DatabaseCheck:
        """Whether the database can be used now."""
        return DatabaseCheck(self.database)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """Counts the requests of each caller."""
        return RateLimiter(self.security.requests_per_minute)

    @cached_property
    def oidc(self) -> OidcProvider | None:
        """The provider of logins, None where none is configured."""
        return None if self.security.oidc is None else OidcProvider(self.security.oidc)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open the database for single statements, each of which sees what is committed when it runs."""
        with self.database.reading() as connection:
            yield Transaction(connection, self.histories.time_zone(connection))

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Open the database for several statements that must see the same state."""
        with self.database.snapshot() as connection:
            yield Transaction(connection, self.histories.time_zone(connection))

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open the database for a change that is committed when the block ends."""
        with self.database.writing() as connection:
            yield Transaction(connection, self.histories.time_zone(connection))

    def live_model(self) -> LiveModel:
        """Return the model that scores. Raises ProblemError (503) when there is none."""
        state = self.served.state
        if state.live is None:
            detail = f"No model is loaded: {state.fault or _NO_CHAMPION}."
            raise ProblemError(Problem.NO_MODEL, detail, headers={"retry-after": "5"})
        return state.live
