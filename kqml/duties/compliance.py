"""How far the cadence was kept: per rep, tier, channel, month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kqml.calendar import local_days
from kqml.duties.book import DutyBook
from kqml.duties.counting import Contacts, contacts_of
from kqml.duties.monthly import MonthView, month_view
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS
from kqml.tables import NUMBER, TEXT, TIERS
from kqml.workdays import Workdays

Places = NDArray[np.int64]
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


@dataclass(frozen=True)
class _Pairs:
    """Account, rep, tier that stood together on at least one day owed, with the number of those days."""

    account: Places
    rep: Places
    tier: Places
    days: Places


def compliance(book: DutyBook, playbook: Playbook, calendar: Workdays, months: Sequence[date], cutoff: int) -> pa.Table:
    """The table COMPLIANCE of whole months (their first days), by what was known before the cutoff.

    A month that a cutoff cuts short is held to what it owed until then. An account that changed its rep or its tier
    counts for each with the days that it had there; a contact counts for who was in charge on its day.
    """
    contacts = contacts_of(book.log.records, playbook, cutoff)
    tables = [_month(book, playbook, month_view(book, calendar, month, cutoff), contacts, cutoff) for month in months]
    return pa.concat_tables([COMPLIANCE.empty_table(), *(table for part in tables for table in part)])


def _month(book: DutyBook, playbook: Playbook, view: MonthView, contacts: Contacts, cutoff: int) -> list[pa.Table]:
    until = int(local_days(np.array([cutoff - 1]), book.log.time_zone)[0]) + 1
    pairs = _pairs(view, until, len(book.log.reps))
    return [_channel(book, playbook, view, contacts, pairs, channel) for channel in CHANNELS]


def _pairs(view: MonthView, until: int, reps: int) -> _Pairs:
    owed = view.owed & (view.days < until) & (view.tier >= 0)
    account, day = np.nonzero(owed)
    key = (account * (reps + 1) + view.owner[account, day] + 1) * len(TIERS) + view.tier[account, day]
    keys, days = np.unique(key, return_counts=True)
    pair, tier = np.divmod(keys, len(TIERS))
    place, rep = np.divmod(pair, reps + 1)
    return _Pairs(place, rep - 1, tier, days)


def _channel(
    book: DutyBook, playbook: Playbook, view: MonthView, contacts: Contacts, pairs: _Pairs, channel: str
) -> pa.Table:
    cadence = np.array([playbook.cadence[tier][channel] for tier in TIERS])
    target = cadence[pairs.tier] * pairs.days / max(view.workdays, 1)
    counted = _counted(book, view, contacts, pairs, channel)
    group, inverse = np.unique((pairs.rep + 1) * len(TIERS) + pairs.tier, return_inverse=True)
    rep, tier = np.divmod(group, len(TIERS))
    cold = (counted < playbook.tolerance.too_cold * target) & (target > 0)
    hot = (counted > playbook.tolerance.too_hot * target) & (target > 0)
    owed, met = _sum(inverse, target), _sum(inverse, np.minimum(counted, target))
    names = np.array([None, *(each.name for each in book.log.reps)], dtype=object)
    month = str(np.datetime64(view.first, "D").astype("datetime64[M]"))
    with np.errstate(invalid="ignore"):
        kept = np.where(owed > 0, met / np.maximum(owed, 1e-12), np.nan)
    return pa.table(
        {
            "rep_id": pa.array(names[rep], TEXT),
            "tier": pa.array(np.array(TIERS, dtype=object)[tier], TEXT),
            "channel": pa.repeat(pa.scalar(channel, TEXT), len(group)),
            "month": pa.repeat(pa.scalar(month, TEXT), len(group)),
            "accounts": _sum(inverse, np.ones(len(target))).astype(np.int64),
            "target": owed,
            "counted": _sum(inverse, counted),
            "met": met,
            "compliance": pa.array(kept, NUMBER, from_pandas=True),
            "too_cold": _sum(inverse, cold).astype(np.int64),
            "too_hot": _sum(inverse, hot).astype(np.int64),
        },
        schema=COMPLIANCE,
    )


def _sum(inverse: Places, values: NDArray[np.generic]) -> Floats:
    return np.bincount(inverse, weights=values.astype(np.float64)).astype(np.float64)


def _counted(book: DutyBook, view: MonthView, contacts: Contacts, pairs: _Pairs, channel: str) -> Floats:
    """Contacts of the month by the pair of the day on which they were made; those outside every pair count nowhere."""
    records, worth = contacts.records[channel], contacts.worth[channel]
    low, high = np.searchsorted(records.occurred_at, (view.start, view.end))
    account = records.account[low:high]
    day = view.day_places(local_days(records.occurred_at[low:high], book.log.time_zone))
    reps = len(book.log.reps) + 1
    keys = (pairs.account * reps + pairs.rep + 1) * len(TIERS) + pairs.tier
    key = (account * reps + view.owner[account, day] + 1) * len(TIERS) + view.tier[account, day]
    place = np.minimum(np.searchsorted(keys, key), max(len(keys) - 1, 0))
    fits = keys[place] == key if len(keys) else np.zeros(len(key), dtype=np.bool_)
    return np.bincount(place[fits], weights=worth[low:high][fits], minlength=len(keys)).astype(np.float64)
