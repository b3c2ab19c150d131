"""What the routes share: the model, the database, the clock, the limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kqml.playbook import Playbook
from serve.database.engine import Database
from serve.http.access import Access
from serve.http.metrics import Metrics
from serve.http.problems import Problem, ProblemError
from serve.security.encryption import Cipher
from serve.security.startup_checks import SecurityOptions
from serve.usecases.database_histories import DatabaseHistories
from serve.usecases.served_model import LiveModel, ServedModel


class BackgroundTasks(Protocol):
    """Work that runs in a thread of its own."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class Service:
    """`clock` gives the present instant; `language` is that of reasons when a request names none; `body_limit` in
    bytes; `sealer`: what personal data are sealed with; `playbook`: the rules in force; `beside`: what else runs while
    the service does."""

    served: ServedModel
    metrics: Metrics
    database: Database
    histories: DatabaseHistories
    access: Access
    clock: Callable[[], int]
    language: str
    body_limit: int
    security: SecurityOptions
    sealer: Cipher
    playbook: Playbook
    beside: Sequence[BackgroundTasks] = ()

    def live_model(self) -> LiveModel:
        """The model that answers. Raises ProblemError (503) when there is none."""
        state = self.served.state
        if state.live is None:
            why = state.fault or "no version has the alias champion"
            detail = (
                f"No model is loaded ({why}). Run `kqml promote VERSION`, or start with `kqml serve --model VERSION`."
            )
            raise ProblemError(Problem.NO_MODEL, detail, headers={"retry-after": "5"})
        return state.live
