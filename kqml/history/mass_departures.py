"""Simultaneous last orders: many accounts that stop in one short window, as changes of ids or lost exports look."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import poisson

from kqml.calendar.business_time import local_days
from kqml.events import EventKind
from kqml.history.event_log import EventLog

LEAST_ACCOUNTS = 10
LEAST_SHARE, LEAST_GROUP_SHARE = 0.2, 0.5
"""Shares of the accounts, and of the accounts of a group, that stop at once."""

SURE = 1e-6
"""Probability, over all days, below which so many departures at once are no coincidence."""

LEAST_ORDERS = 3
SILENT_DAYS, SILENT_GAPS = 14.0, 1.2
"""An account has stopped after so many days and so many times its own longest gap: a usual season is none."""

WIDTH_DAYS, WIDTH_GAPS = 7.0, 1.5
GROUPED_BY = ("region", "segment", "owner_rep_id", "tier")

Days = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class OrderSpans:
    """Per account: number of order days, first and last one, the longest distance of two; `ended`: closed or
    transferred by an event. `until`: the last day of the history."""

    orders: Days
    first: Days
    last: Days
    longest: Days
    ended: Mask
    until: int


@dataclass(frozen=True)
class MassDeparture:
    """`accounts` of the `of` active accounts (of the group `value` of `column`, or of all) that placed their last
    order from `first` to `last` (ISO days, both included)."""

    accounts: int
    of: int
    first: str
    last: str
    column: str = ""
    value: str = ""

    @property
    def share(self) -> float:
        return self.accounts / self.of

    @property
    def code(self) -> str:
        return "mass_departure_in" if self.column else "mass_departure"


def spans_of(log: EventLog, time_zone: str) -> OrderSpans:
    """Return the spans of the accounts of a log, in its order."""
    settled = log.settled()
    account = np.repeat(np.arange(settled.account_count), np.diff(settled.offsets))
    days = local_days(settled.occurred_at, time_zone)
    is_order = settled.kind == EventKind.ORDER.number
    endings = [EventKind.ACCOUNT_CLOSED.number, EventKind.ACCOUNT_TRANSFERRED.number]
    ended = np.bincount(account[np.isin(settled.kind, endings)], minlength=settled.account_count) > 0
    frame = pd.DataFrame({"account": account[is_order], "day": days[is_order]}).drop_duplicates()
    frame = frame.sort_values(["account", "day"], kind="stable")
    frame["gap"] = frame.groupby("account")["day"].diff()
    table = frame.groupby("account").agg(
        orders=("day", "size"), first=("day", "min"), last=("day", "max"), longest=("gap", "max")
    )
    table = table.reindex(np.arange(settled.account_count)).fillna(0).astype(np.int64)
    columns = {str(name): table[name].to_numpy() for name in table}
    return OrderSpans(**columns, ended=np.asarray(ended), until=int(days.max()) if len(days) else 0)


def find_mass_departures(spans: OrderSpans, groups: pd.DataFrame | None = None) -> tuple[MassDeparture, ...]:
    """Return the windows in which far more accounts stop than the rest of the history explains.

    `groups`: columns of the accounts, in the order of `spans`. A group that contains nearly all that stop stands for
    all of them; otherwise all accounts come first, then groups that stop although the others go on.
    """
    counted = spans.orders >= LEAST_ORDERS
    if not counted.any():
        return ()
    everywhere = _departure(spans, counted, LEAST_SHARE)
    columns = [name for name in GROUPED_BY if groups is not None and name in groups]
    in_groups = [departure for name in columns for departure in _of_column(spans, counted, name, groups)]
    if everywhere is None:
        return tuple(in_groups[:1])
    alone = [departure for departure in in_groups if departure.accounts >= 0.8 * everywhere.accounts]
    return (alone[0] if alone else everywhere,)


def _of_column(spans: OrderSpans, counted: Mask, name: str, groups: pd.DataFrame | None) -> Iterator[MassDeparture]:
    assert groups is not None
    values = groups[name].astype(object).where(groups[name].notna(), "").astype(str).to_numpy()
    names, sizes = np.unique(values[counted], return_counts=True)
    # The only group is no group: it says nothing beyond all accounts.
    for value in names[(sizes >= LEAST_ACCOUNTS) & (names != "")] if len(names) > 1 else ():
        departure = _departure(spans, counted & (values == value), LEAST_GROUP_SHARE)
        if departure is not None:
            yield MassDeparture(departure.accounts, departure.of, departure.first, departure.last, name, str(value))


def _departure(spans: OrderSpans, members: Mask, least_share: float) -> MassDeparture | None:
    first, last, longest = spans.first[members], spans.last[members], spans.longest[members]
    width = np.maximum(WIDTH_GAPS * (last - first) / (spans.orders[members] - 1), WIDTH_DAYS).astype(np.int64)
    silent = spans.until - last
    stopped = (silent > np.maximum(SILENT_GAPS * longest, SILENT_DAYS)) & ~spans.ended[members]
    if stopped.sum() < LEAST_ACCOUNTS:
        return None
    start, days = int(first.min()), int(spans.until - first.min()) + 1
    # An account that stops on some day has its last order within its own usual gap before it.
    covered = _coverage(last[stopped] - start, (last + width)[stopped] - start, days)
    day = int(np.argmax(covered))
    together = stopped & (last - start <= day) & (last + width - start > day)
    count = int(together.sum())
    active = int(((first - start <= day) & (last + width - start > day)).sum())
    usual = (int(stopped.sum()) - count) * float(width[stopped].mean()) / days
    by_chance = days * float(poisson.sf(count - 1, max(usual, 0.5)))
    if count < max(LEAST_ACCOUNTS, least_share * active) or by_chance > SURE:
        return None
    return MassDeparture(count, active, _iso(int(last[together].min())), _iso(int(last[together].max())))


def _coverage(starts: Days, ends: Days, days: int) -> Days:
    """Return how many of the half-open intervals contain each day."""
    steps = np.bincount(starts, minlength=days + 1)[: days + 1] - np.bincount(
        np.minimum(ends, days), minlength=days + 1
    )
    return np.asarray(np.cumsum(steps)[:days], dtype=np.int64)


def _iso(day: int) -> str:
    return str(np.datetime64(day, "D"))
