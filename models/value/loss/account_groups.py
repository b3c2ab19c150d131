"""Groups of accounts in the loss report: tier, region, rep, as known then."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.profile import Texts, known_texts, profile_of, texts
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
    """Return the rep in charge as known then; where that is unknown, the last one who visited."""
    now = texts(accounts, "owner_rep_id") if "owner_rep_id" in accounts else _nothing(len(accounts))
    owner = known_texts(dataset, EventKind.REP_ASSIGNED, rows, now)
    return np.where(owner == None, _last_visitor(dataset, rows), owner)  # noqa: E711 - elementwise


def _last_visitor(dataset: Dataset, rows: Rows) -> Texts:
    """Return the rep of each account's latest visit known before the row's cutoff."""
    result = _nothing(len(rows))
    events = dataset.event_log().of_kinds([EventKind.VISIT])
    table = dataset.events(["account_id", "occurred_at", "kind", "rep_id"], [EventKind.VISIT])
    if "rep_id" not in table.column_names or not len(table):
        return result
    _, latest = events.known_steps.before(rows.account, rows.cutoff)
    visited = np.flatnonzero(latest >= 0)
    indices = latest[visited]
    result[visited] = table["rep_id"].take(indices).to_numpy(zero_copy_only=False)
    return result


def _nothing(count: int) -> NDArray[np.object_]:
    return np.full(count, None, dtype=object)
