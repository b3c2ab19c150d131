"""Retracted events: from when on a history no longer counts them.

An event of kind `event_retracted` names another event of the same account by its `ref`. Cutoffs after the retraction
was known see a history without that event; earlier ones still see it, as it was known then. A retraction cannot be
retracted, and is itself no event that anything counts.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.events import EventKind

NEVER = np.iinfo(np.int64).max
"""`retracted_at` of an event that nobody retracted."""

ALWAYS = np.iinfo(np.int64).min
"""`retracted_at` of a retraction: no cutoff counts it."""

Indices = NDArray[np.int64]


def retraction_instants(
    account: NDArray[np.integer], kind: NDArray[np.uint8], visible_at: Instants, find: Callable[[Indices], Indices]
) -> Instants | None:
    """Return per event of a log the instant after which no cutoff counts it; None where nothing is retracted.

    `visible_at`: the later of `occurred_at` and `known_at`. `find`: indices of retractions → that of the event that
    each refers to, -1 where it is not in the log. Of several retractions the first to become known counts; one that
    refers to another account's event counts for nothing.
    """
    retractions = np.flatnonzero(kind == EventKind.EVENT_RETRACTED.number)
    if not len(retractions):
        return None
    retracted_at = np.full(len(kind), NEVER, dtype=np.int64)
    targets = find(retractions)
    own = (targets >= 0) & (account[targets] == account[retractions])
    np.minimum.at(retracted_at, targets[own], visible_at[retractions[own]])
    retracted_at[retractions] = ALWAYS
    return retracted_at
