"""The thread that adds required actions to the running week within seconds of the events that require them."""

import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from structlog.typing import FilteringBoundLogger

from kqml.calendar.business_time import DAY_US
from kqml.errors import KqmlError
from kqml.playbook import Playbook
from serve.database.contacts import Vault
from serve.database.engine import Database
from serve.logs import where_it_failed
from serve.security.contact_vault import MASKED
from serve.usecases.queue_birthdays import queue_birthdays
from serve.usecases.recommend_actions import DecidedMeanwhile
from serve.usecases.served_model import ServedModel
from serve.usecases.update_running_week import AT_ONCE, UpdateRunningWeekRequest, update_running_week

LOOK_EVERY_SECONDS = 1.0


class RunningWeek:
    """Updates the running week; several may run in processes of their own. `vault`: decrypts birthdays."""

    def __init__(
        self,
        database: Database,
        served: ServedModel,
        playbook: Playbook,
        clock: Callable[[], int],
        log: FilteringBoundLogger,
        vault: Vault = MASKED,
    ) -> None:
        self._database = database
        self._served = served
        self._playbook = playbook
        self._vault = vault
        self._day: int | None = None
        self._clock = clock
        self._log = log
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Update in a thread until `stop`."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._follow, name="running-week", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the update under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def update(self) -> int:
        """Update the week for the accounts that are queued, at most AT_ONCE; return how many."""
        live = self._served.state.live
        model = None if live is None else live.planning_model
        request = UpdateRunningWeekRequest(self._playbook, model, self._vault)
        result = update_running_week(self._database, request, self._clock())
        if result.accounts:
            self._log.info("running_week_updated", accounts=result.accounts, decisions=result.added)
        return result.accounts

    def queue_birthdays(self) -> None:
        """Queue the accounts with birthdays of the rest of the week, once a day."""
        now = self._clock()
        if now // DAY_US != self._day:
            queue_birthdays(self._database, self._playbook, self._vault, now)
            self._day = now // DAY_US

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self.queue_birthdays()
                busy = self.update() == AT_ONCE
            except DecidedMeanwhile:
                busy = True
            except (SQLAlchemyError, KqmlError) as error:
                busy = False
                self._log.error("running_week_not_updated", **where_it_failed(error))
            if not busy:
                self._stop.wait(LOOK_EVERY_SECONDS)
