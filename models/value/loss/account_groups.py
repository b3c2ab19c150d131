"""Groups of accounts in the loss report: tier, region, rep, as known then."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.profile import Texts, profile_of, texts
from features.recorded import recorded_events
from features.rows import Rows
from kqml.dataset.folder import Dataset
from kqml.events import EventKind

FILED = ("tier", "segment", "region")


def account_groups(dataset: Dataset, rows: Rows) -> Mapping[str, Texts]:
    """Return per row text or None: tier, segment, region, rep.

    Where changes of the tier are not declared complete it is the present one; so are segment and region always.
    """
    accounts, then = dataset.accounts(), profile_of(dataset, rows)
    result = {name: _column(accounts, then, name, rows) for name in FILED}
    return {**result, "rep": _reps(dataset, accounts, rows)}


def _column(accounts: pd.DataFrame, then: pd.DataFrame, name: str, rows: Rows) -> Texts:
    if name in then:
        return texts(then, name)
    return texts(accounts, name)[rows.account] if name in accounts else _nothing(len(rows))


def _reps(dataset: Dataset, accounts: pd.DataFrame, rows: Rows) -> Texts:
    """Return the rep last assigned, else the last one who visited, as known then; else the present owner."""
    owner = texts(accounts, "owner_rep_id")[rows.account] if "owner_rep_id" in accounts else _nothing(len(rows))
    for kind in (EventKind.VISIT, EventKind.REP_ASSIGNED):
        result = _latest_rep(dataset, kind, rows)
        owner = np.where(result == None, owner, result)  # noqa: E711 - elementwise
    return owner


def _latest_rep(dataset: Dataset, kind: EventKind, rows: Rows) -> Texts:
    """Return the rep of each account's latest event of a kind known before the row's cutoff."""
    result = _nothing(len(rows))
    events = recorded_events(dataset.event_log(), [kind])
    table = dataset.events(["account_id", "occurred_at", "kind", "rep_id"], [kind])
    if "rep_id" not in table.column_names or not len(table):
        return result
    known = events.known_before(rows.account, rows.cutoff)
    some = np.flatnonzero(known > 0)
    indices = events.latest_of(rows.account[some], known[some])
    result[some] = table["rep_id"].take(indices).to_numpy(zero_copy_only=False)
    return result


def _nothing(count: int) -> NDArray[np.object_]:
    return np.full(count, None, dtype=object)
