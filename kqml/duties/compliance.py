"""How far the cadence was kept: per rep, tier, channel, month."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kqml.calendar.business_time import local_days
from kqml.calendar.workdays import Workdays
from kqml.dataset.tables import NUMBER, TEXT, TIERS
from kqml.duties.counted_contacts import counted_contacts
from kqml.duties.inputs import DutyInputs
from kqml.duties.monthly import month_view, months_back, span_of
from kqml.duties.rep_targets import RepTargets, rep_targets
from kqml.history.known_history import KnownHistory
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

COMPLIANCE = pa.schema(
    {
        "rep_id": TEXT,
        "tier": TEXT,
        "channel": TEXT,
        "month": TEXT,
        "accounts": pa.int64(),
        "target": NUMBER,
        "counted": NUMBER,
        "met": NUMBER,
        "compliance": NUMBER,
        "too_cold": pa.int64(),
        "too_hot": pa.int64(),
    }
)
"""`target`: contacts owed, before rounding. `counted`: contacts that count. `met`: those that an account's target asked
for, so that one account's many contacts do not stand in for another's lack. `compliance` = met ÷ target. `too_cold`,
`too_hot`: accounts below and above the playbook's tolerance."""


def compliance(
    book: DutyInputs, playbook: Playbook, calendar: Workdays, months: Sequence[date], cutoff: int
) -> pa.Table:
    """The table COMPLIANCE of whole months (their first days), by what was known before the cutoff.

    A month that a cutoff cuts short is held to what it owed until then. An account that changed its rep or its tier
    counts for each with the days that it had there; a contact counts for who was in charge on its day. A cadence below
    one a month is judged by the mean of the months over which it is owed.
    """
    contacts = counted_contacts(KnownHistory(book.log, cutoff), playbook)
    until = int(local_days(np.array([cutoff - 1]), book.events.time_zone)[0]) + 1
    spans = {month: months_back(playbook, month) for month in months}
    targets = {
        month: rep_targets(book, playbook, month_view(book, calendar, month, cutoff), contacts, until)
        for month in sorted({each for span in spans.values() for each in span})
    }
    seen = {month: [targets[each] for each in span] for month, span in spans.items()}
    rows = [_rows(book, playbook, seen[month], channel) for month in months for channel in CHANNELS]
    return pa.concat_tables([COMPLIANCE.empty_table(), *rows])


def _rows(book: DutyInputs, playbook: Playbook, span: Sequence[RepTargets], channel: str) -> pa.Table:
    """The rows of one channel in the month of the last of `span`; the ones before it are the months before."""
    current = span[-1]
    target, counted = _means(playbook, span, channel)
    group, inverse = np.unique((current.rep + 1) * len(TIERS) + current.tier, return_inverse=True)
    rep, tier = np.divmod(group, len(TIERS))
    cold = (counted < playbook.tolerance.too_cold * target) & (target > 0)
    hot = (counted > playbook.tolerance.too_hot * target) & (target > 0)
    required, met = _sum(inverse, target), _sum(inverse, np.minimum(counted, target))
    names = np.array([None, *(each.name for each in book.events.reps)], dtype=object)
    retained = np.divide(met, required, out=np.full(len(required), np.nan), where=required > 0)
    return pa.table(
        {
            "rep_id": pa.array(names[rep], TEXT),
            "tier": pa.array(np.array(TIERS, dtype=object)[tier], TEXT),
            "channel": pa.repeat(pa.scalar(channel, TEXT), len(group)),
            "month": pa.repeat(pa.scalar(current.month, TEXT), len(group)),
            "accounts": _sum(inverse, np.ones(len(target))).astype(np.int64),
            "target": required,
            "counted": _sum(inverse, counted),
            "met": met,
            "compliance": pa.array(retained, NUMBER, from_pandas=True),
            "too_cold": _sum(inverse, cold).astype(np.int64),
            "too_hot": _sum(inverse, hot).astype(np.int64),
        },
        schema=COMPLIANCE,
    )


def _means(playbook: Playbook, span: Sequence[RepTargets], channel: str) -> tuple[Floats, Floats]:
    """Target and counted of the last month's pairs, as means over the months of each tier's span."""
    current, months = span[-1], span_of(playbook, channel)
    over = np.array([months[tier] for tier in TIERS])[current.tier]
    target, counted = np.zeros(len(current.keys)), np.zeros(len(current.keys))
    for back, month in enumerate(reversed(span)):
        inside = over > back
        target += np.where(inside, month.aligned(current.keys, month.target[channel]), 0.0)
        counted += np.where(inside, month.aligned(current.keys, month.counted[channel]), 0.0)
    return target / over, counted / over


def _sum(inverse: Indices, values: NDArray[np.generic]) -> Floats:
    return np.bincount(inverse, weights=values.astype(np.float64)).astype(np.float64)
