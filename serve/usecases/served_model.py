"""The served model: follows a published pointer, keeps the last good one."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from structlog.typing import FilteringBoundLogger

from kqml.errors import KqmlError
from models.churn.scoring import Scorer
from models.registry.served_pointer import read_fault
from serve.logs import where_it_failed
from serve.usecases.planning_request import PlanningModel
from serve.usecases.request_histories import Histories

LOOK_EVERY_SECONDS = 1.0
RETRY_AFTER_LOOKS = 30
"""A pointer that could not be followed is tried again after so many looks, without having changed."""


class ScoringEngine(Protocol):
    """What a model does here. `lag_days`: kind → days after which an event counts as known where nobody said."""

    @property
    def lag_days(self) -> Mapping[str, float]: ...

    @property
    def time_zone(self) -> str: ...

    def __call__(self, histories: Histories, cutoff: int, language: str, reasons: int) -> list[dict[str, Any]]:
        """One `kqml.contract.scores.ScoreOut` as a dict per account of the log, in its order."""


@dataclass(frozen=True)
class LiveModel:
    """A model ready to score. `card`: the fields of `GET /v1/model` besides version and grade. `scorer`: plans weeks;
    None plans without a model."""

    version: str
    grade: str
    score: ScoringEngine
    card: Mapping[str, Any]
    scorer: Scorer | None = None

    @property
    def planning_model(self) -> PlanningModel | None:
        """The model that plans weeks; None where they are planned without one."""
        return None if self.scorer is None else PlanningModel(self.version, self.scorer)


@dataclass(frozen=True)
class ServedState:
    """The served model, if any, and why the champion cannot be served, if so."""

    live: LiveModel | None = None
    fault: str | None = None


class ServedModel:
    """Loads the model that a pointer file names, again whenever the file changes, in a thread. `state` is replaced as a
    whole: a request reads it once, never waits for a load, and keeps the model it began with."""

    def __init__(self, pointer: Path, load: Callable[[Path], LiveModel], log: FilteringBoundLogger) -> None:
        self.state = ServedState()
        self._pointer = pointer
        self._load = load
        self._log = log
        self._seen: tuple[tuple[int, ...] | None, str | None] = (None, None)
        self._failed = False
        self._looks_since_try = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Load the present model, then follow the pointer until `stop`."""
        self.look()
        self._stop.clear()
        self._thread = threading.Thread(target=self._follow, name="model-follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following; the present model keeps scoring."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def look(self) -> None:
        """Load the model if the pointer changed since the last try, or if the last try failed long enough ago."""
        self._looks_since_try += 1
        stamp, unpublished = _stamp(self._pointer), read_fault(self._pointer)
        overdue = self._failed and self._looks_since_try >= RETRY_AFTER_LOOKS
        if (stamp, unpublished) == self._seen and not overdue:
            return
        if stamp != self._seen[0] or overdue:
            self._looks_since_try = 0
            self.state = self._followed(stamp)
            self._failed = self.state.fault is not None
        self._seen = stamp, unpublished
        if not self._failed:
            self.state = ServedState(self.state.live, unpublished and _one_line(unpublished))

    def _followed(self, stamp: tuple[int, ...] | None) -> ServedState:
        before = self.state.live
        if stamp is None:
            return ServedState(before, None if before is None else f"{self._pointer} is gone")
        try:
            live = self._load(self._pointer)
        except KqmlError as error:
            fault = _one_line(str(error))
            self._log.error("model_not_loaded", fault=fault, keeps=before and before.version)
            return ServedState(before, fault)
        except Exception as error:  # noqa: BLE001  whatever a broken artifact raises, the last good model stays
            self._log.error("model_not_loaded", keeps=before and before.version, **where_it_failed(error))
            return ServedState(before, f"the published model cannot be loaded ({type(error).__name__})")
        self._log.info("model_loaded", version=live.version, grade=live.grade)
        return ServedState(live)

    def _follow(self) -> None:
        while not self._stop.wait(LOOK_EVERY_SECONDS):
            self.look()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _stamp(path: Path) -> tuple[int, ...] | None:
    """The state of the pointer file, to detect changes; None where it does not exist."""
    try:
        result = path.stat()
    except OSError:
        return None
    return (result.st_mtime_ns, result.st_ino, result.st_size)
