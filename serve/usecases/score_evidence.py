"""The evidence of a score: how much was known of the account, until when."""

from collections.abc import Iterator

import numpy as np

from kqml.calendar.business_time import moment_of
from kqml.contract.scores import ScoreEvidence
from kqml.events import EventKind
from serve.usecases.request_histories import Histories


def score_evidence(histories: Histories, cutoff: int, time_zone: str) -> Iterator[ScoreEvidence]:
    """Return the evidence of each account of the log, in its order."""
    log = histories.log
    counted = log.visible_before(cutoff)
    for start, end in zip(log.offsets[:-1].tolist(), log.offsets[1:].tolist(), strict=True):
        chosen = counted[start:end]
        events = int(np.count_nonzero(chosen))
        orders = int(np.count_nonzero(chosen & (log.kind[start:end] == EventKind.ORDER.number)))
        since = log.occurred_at[start:end][chosen][0] if events else None
        until = log.known_at[start:end][chosen].max() if events else None
        yield {
            "events": events,
            "orders": orders,
            "since": None if since is None else moment_of(int(since), time_zone).isoformat(),
            "known_until": None if until is None else moment_of(int(until), time_zone).isoformat(),
        }
