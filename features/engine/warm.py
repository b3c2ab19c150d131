"""Compiles the engine ahead of its first use: `python -m features.engine.warm`."""

import numpy as np

from features.catalog import catalog
from features.context import UNKNOWN, Context
from features.engine.build import build_features
from features.plan import compile_plan
from features.rows import Rows
from kqml.events import KINDS
from kqml.history.event_log import EventLog


def warm() -> None:
    """Build the whole catalog for one account without events, so that every kernel is compiled and kept on disk."""
    nothing = np.zeros(0, dtype=np.int64)
    log = EventLog(
        accounts=np.array(["nobody"], dtype=object),
        offsets=np.zeros(2, dtype=np.int64),
        occurred_at=nothing,
        known_at=nothing,
        kind=np.zeros(0, dtype=np.uint8),
        values={},
        codes={},
    )
    context = Context(np.zeros(len(KINDS), dtype=np.int64), np.full(1, UNKNOWN))
    # The whole catalog reaches every function; one empty row is enough, since types alone decide what is compiled.
    build_features(log, Rows.grid(1, np.zeros(1, dtype=np.int64)), compile_plan(catalog()), context)


if __name__ == "__main__":
    warm()
