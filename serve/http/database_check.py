"""Whether the database can be used now, asked at most once a second however many ask."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from serve.database.engine import Database

VALID_SECONDS = 1.0
WAIT_SECONDS = 2.0
LEAST_FREE_BYTES = 16 * 2**20
"""Of the disk that holds an SQLite database; with less, writes fail at any time."""


class DatabaseCheck:
    """Asks the database for an answer. One question is under way at a time."""

    def __init__(self, database: Database, clock: Callable[[], float] = monotonic) -> None:
        self._database = database
        self._clock = clock
        self._query: asyncio.Task[str | None] | None = None
        self._answered_at = float("-inf")
        self._fault: str | None = None

    async def fault(self) -> str | None:
        """Return why the database cannot be used; None where it can."""
        if self._clock() - self._answered_at <= VALID_SECONDS:
            return self._fault
        if self._query is None or self._query.done():
            self._query = asyncio.create_task(run_in_threadpool(self._run_query))
        try:
            self._fault = await asyncio.wait_for(asyncio.shield(self._query), WAIT_SECONDS)
        except TimeoutError:
            self._fault = f"it does not respond within {WAIT_SECONDS:g} seconds"
        self._answered_at = self._clock()
        return self._fault

    def _run_query(self) -> str | None:
        try:
            with self._database.reading() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            return f"it does not respond ({type(error).__name__})"
        if self._database.is_sqlite:
            folder = Path(str(self._database.engine.url.database)).absolute().parent
            free = shutil.disk_usage(folder).free
            if free < LEAST_FREE_BYTES:
                return f"its disk is full ({free // 2**20} MiB free)"
        return None
