"""What a company knows of a block's events, kept up as the cutoffs move on."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.world.draws import Indices
from experiments.world.journal import (
    NOTES,
    NUMBERS,
    Entries,
    Journal,
    account_of,
    first_key,
    joined,
    number_of,
    order_key,
)
from kqml.events import KINDS, EventKind
from kqml.history.closings import CLOSED_BY, CLOSING
from kqml.history.event_log import NO_DUE, NOTE, NOTED, EventLog, EventNote
from kqml.history.links import links_of

Columns = dict[str, NDArray[Any]]

NAMES = {"rep": "rep_id", "contact": "contact_id", "channel": "channel"}
"""Code columns of the journal → those of an event log."""


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
        self._known = _columns_of(self._waiting, np.zeros(0, dtype=np.int64), self._journal.origin)

    def log(self, accounts: NDArray[np.object_], before: int) -> EventLog:
        """The events known before an instant, as everything numeric reads them; `accounts`: ids of the block,
        ascending."""
        self._move_to(before)
        known = self._known
        codes = {theirs: known[ours] for ours, theirs in NAMES.items()}
        links = links_of(_openers(known), account_of(known["key"]), known["kind"])
        return EventLog(
            accounts=accounts,
            offsets=np.searchsorted(known["key"], first_key(np.arange(len(accounts) + 1))),
            occurred_at=known["occurred_at"],
            known_at=known["known_at"],
            kind=known["kind"],
            values={name: known[name] for name in NUMBERS},
            codes={**codes, NOTE: known[NOTE], **links},
            due_at=known["due_at"],
            notes=_notes(),
        )

    def _move_to(self, before: int) -> None:
        if before < self._before:
            self._start_again()
        new = joined([self._waiting, *self._journal.parts[self._read :]])
        self._read, self._before = len(self._journal.parts), before
        known = new.known_at < before
        indices = np.flatnonzero(known & ~np.isin(new.kind, self._hidden))
        self._waiting = new.take(~known)
        self._known = _merged(self._known, _columns_of(new, indices, self._journal.origin))


def _columns_of(entries: Entries, details: Indices, origin: int) -> Columns:
    """The columns of an event log of the entries at these indices, sorted by `key`; `ref` as in the entries."""
    key = order_key(entries, origin)[details]
    order = np.argsort(key, kind="stable")
    plain: Columns = {"occurred_at": entries.occurred_at, "known_at": entries.known_at, "kind": entries.kind}
    codes = {name: entries.codes[name] for name in NAMES} | {NOTE: entries.codes["note"]}
    columns = {**plain, **entries.numbers, **codes, "ref": entries.ref, "due_at": entries.due_at}
    result: Columns = {"key": key[order], **{name: column[details[order]] for name, column in columns.items()}}
    result["due_at"] = np.where(result["due_at"] < 0, NO_DUE, result["due_at"])
    result[NOTE] = np.where(_among(NOTED)[result["kind"]], result[NOTE], -1).astype(np.int32)
    return result


def _merged(old: Columns, new: Columns) -> Columns:
    """Both in one, sorted; neither is changed."""
    index = np.searchsorted(old["key"], new["key"], side="right") + np.arange(len(new["key"]))
    retained = np.ones(len(old["key"]) + len(new["key"]), dtype=bool)
    retained[index] = False
    return {name: _woven(column, new[name], index, retained) for name, column in old.items()}


def _woven(old: NDArray[Any], new: NDArray[Any], index: Indices, mask: NDArray[np.bool_]) -> NDArray[Any]:
    whole = np.empty(len(mask), dtype=old.dtype)
    whole[index] = new
    whole[mask] = old
    return whole


def _openers(known: Columns) -> Indices:
    """Per event the index of the one that it closes, −1 where there is none."""
    opener = np.full(len(known["key"]), -1, dtype=np.int64)
    opening = np.flatnonzero(_among(CLOSED_BY)[known["kind"]])
    closing = np.flatnonzero(_among(CLOSING)[known["kind"]] & (known["ref"] >= 0))
    if len(opening) and len(closing):
        ids, wanted = _ids(known, opening, "key"), _ids(known, closing, "ref")
        order = np.argsort(ids)
        index = np.minimum(np.searchsorted(ids[order], wanted), len(ids) - 1)
        met = ids[order][index] == wanted
        opener[closing[met]] = opening[order[index[met]]]
    return opener


def _ids(known: Columns, rows: Indices, of: str) -> Indices:
    """Of the events in these rows, or of those that they refer to: unique among all accounts."""
    key = known["key"][rows]
    number = number_of(key) if of == "key" else known["ref"][rows]
    return np.asarray(first_key(account_of(key)) + number, dtype=np.int64)


def _among(kinds: Iterable[EventKind]) -> NDArray[np.bool_]:
    result = np.zeros(len(KINDS), dtype=bool)
    result[[kind.number for kind in kinds]] = True
    return result


@cache
def _notes() -> tuple[EventNote, ...]:
    return tuple(EventNote(topic=json.loads(text).get("topic")) for text in NOTES)
