"""What a company knows of a block's events, kept up as the cutoffs move on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.world.journal import NUMBERS, Entries, Journal, first_key, joined, order_key
from kqml.eventlog import EventLog

Columns = dict[str, NDArray[Any]]

NAMES = {"rep": "rep_id", "contact": "contact_id", "channel": "channel"}
"""Code columns of the journal → those of an event log; notes are not read by anything numeric."""


class KnownEvents:
    """The log of what is known of a journal; kinds whose numbers are `hidden` are never told.

    Guards the sorted columns of the cutoff asked for last: a later cutoff adds what became known in between, an
    earlier one starts again.
    """

    def __init__(self, journal: Journal, hidden: frozenset[int] = frozenset()) -> None:
        self._journal, self._hidden = journal, np.array(sorted(hidden), dtype=np.int64)
        self._start_again()

    def _start_again(self) -> None:
        self._read, self._before = 0, 0
        self._waiting = joined([])
        self._known = _columns_of(self._waiting, np.zeros(0, dtype=np.int64))

    def log(self, accounts: NDArray[np.object_], before: int) -> EventLog:
        """The events known before an instant, as everything numeric reads them; `accounts`: ids of the block,
        ascending."""
        self._move_to(before)
        known = self._known
        return EventLog(
            accounts=accounts,
            offsets=np.searchsorted(known["key"], first_key(np.arange(len(accounts) + 1))),
            occurred_at=known["occurred_at"],
            known_at=known["known_at"],
            kind=known["kind"],
            values={name: known[name] for name in NUMBERS},
            codes={theirs: known[ours] for ours, theirs in NAMES.items()},
        )

    def _move_to(self, before: int) -> None:
        if before < self._before:
            self._start_again()
        new = joined([self._waiting, *self._journal.parts[self._read :]])
        self._read, self._before = len(self._journal.parts), before
        known = new.known_at < before
        told = np.flatnonzero(known & ~np.isin(new.kind, self._hidden))
        self._waiting = new.take(~known)
        self._known = _merged(self._known, _columns_of(new, told))


def _columns_of(entries: Entries, told: NDArray[np.int64]) -> Columns:
    """The columns of an event log of the entries at these places, sorted by `key`."""
    key = order_key(entries)[told]
    order = np.argsort(key, kind="stable")
    plain: Columns = {"occurred_at": entries.occurred_at, "known_at": entries.known_at, "kind": entries.kind}
    columns = {**plain, **entries.numbers, **{name: entries.codes[name] for name in NAMES}}
    found = told[order]
    return {"key": key[order], **{name: column[found] for name, column in columns.items()}}


def _merged(old: Columns, new: Columns) -> Columns:
    """Both in one, sorted; neither is changed."""
    place = np.searchsorted(old["key"], new["key"], side="right") + np.arange(len(new["key"]))
    kept = np.ones(len(old["key"]) + len(new["key"]), dtype=bool)
    kept[place] = False
    return {name: _woven(column, new[name], place, kept) for name, column in old.items()}


def _woven(old: NDArray[Any], new: NDArray[Any], place: NDArray[np.int64], kept: NDArray[np.bool_]) -> NDArray[Any]:
    whole = np.empty(len(kept), dtype=old.dtype)
    whole[place] = new
    whole[kept] = old
    return whole
