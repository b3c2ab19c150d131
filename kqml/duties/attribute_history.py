"""How accounts stand from day to day: tier, rep in charge, consent, open or closed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, local_days
from kqml.dataset.tables import TIERS
from kqml.duties.attribute_changes import NOT_SAID, Changes, Hints
from kqml.duties.duty_events import DutyEvents
from kqml.events import KINDS
from kqml.history.attributes import ANY_TIME, KINDS_OF, UNSAID, change_of, has_consent, in_business
from kqml.history.event_log import mask_of_kinds
from kqml.history.retractions import NEVER

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class AttributeHistory:
    """`tier`: index in TIERS. `owner`: index in the log's reps. `consent`, `status`: 1 yes, open; 0 no, closed.
    `opened`: the local day from which an account is open."""

    tier: Changes
    owner: Changes
    consent: Changes
    status: Changes
    opened: Indices


def attribute_history(events: DutyEvents, accounts: pa.Table) -> AttributeHistory:
    """Return the attributes of a log's accounts from their table of now, from the events that changed it."""
    known = _Table(accounts, events)
    return AttributeHistory(
        tier=_tiers(events, known),
        owner=_owners(events, known),
        consent=_consents(events, known),
        status=_statuses(events, known),
        opened=known.days("opened_on", otherwise=-(2**31)),
    )


class _Table:
    """The table of accounts in the order of the log; accounts that it lacks have nulls."""

    def __init__(self, accounts: pa.Table, events: DutyEvents) -> None:
        index = pc.index_in(
            pa.array(events.log.accounts, pa.string()), value_set=accounts["account_id"].combine_chunks()
        )
        self._rows = accounts.take(index)

    def texts(self, name: str) -> list[Any]:
        if name not in self._rows.column_names:
            return [None] * self._rows.num_rows
        return list(self._rows[name].to_pylist())

    def value_indices(self, name: str, values: list[str]) -> Indices:
        if name not in self._rows.column_names:
            return np.full(self._rows.num_rows, -1, dtype=np.int64)
        result = pc.index_in(self._rows[name], value_set=pa.array(values, pa.string()), skip_nulls=True)
        return np.asarray(pc.fill_null(result, -1).to_numpy(), dtype=np.int64)

    def days(self, name: str, otherwise: int) -> Indices:
        if name not in self._rows.column_names:
            return np.full(self._rows.num_rows, otherwise, dtype=np.int64)
        result = pc.fill_null(self._rows[name].cast(pa.int32()), otherwise)
        return np.asarray(result.to_numpy(), dtype=np.int64)


def _changes(events: DutyEvents, attribute: str, code: Callable[[Any], int], now: Indices) -> Changes:
    """The changes of an attribute as `kqml.history.attributes.change_of` reads them, values as numbers."""
    log, rows = events.log, np.flatnonzero(mask_of_kinds(KINDS_OF[attribute])[events.log.kind])
    reps = [None if index < 0 else events.reps[index].name for index in events.rep[rows].tolist()]
    read = zip(log.kind[rows].tolist(), events.notes(rows), reps, strict=True)
    said = [change_of(KINDS[kind], ANY_TIME, note, rep) for kind, note, rep in read]
    return Changes(
        account=log.account[rows],
        day=local_days(log.occurred_at[rows], events.time_zone),
        occurred_at=log.occurred_at[rows],
        known_at=log.known_at[rows],
        retracted_at=log.retraction_of(rows),
        value=np.array([code(change.after) for change in said], dtype=np.int64),
        before=np.array(
            [NOT_SAID if change.before == UNSAID else code(change.before) for change in said], dtype=np.int64
        ),
        now=now,
    )


def _tiers(events: DutyEvents, known: _Table) -> Changes:
    codes = {name: index for index, name in enumerate(TIERS)}
    return _changes(events, "tier", lambda name: codes.get(name, -1), known.value_indices("tier", list(TIERS)))


def _owners(events: DutyEvents, known: _Table) -> Changes:
    """Where it is not known who was in charge before a change, it is whoever was last seen at the account before."""
    codes = {rep.name: index for index, rep in enumerate(events.reps)}
    changes = _changes(
        events, "owner_rep_id", lambda name: codes.get(name, -1), known.value_indices("owner_rep_id", list(codes))
    )
    log = events.log
    seen = np.flatnonzero((events.rep >= 0) & (log.occurred_at < changes.first()[log.account]))
    return replace(changes, hints=Hints(log.account[seen], events.rep[seen], log.retraction_of(seen)))


def _consents(events: DutyEvents, known: _Table) -> Changes:
    now = [has_consent(_attributes(text)) for text in known.texts("attributes")]
    return replace(_changes(events, "consent", int, np.array(now, dtype=np.int64)), otherwise=1)


def _attributes(text: str | None) -> dict[str, Any]:
    result = orjson.loads(text) if text else {}
    return result if isinstance(result, dict) else {}


def _statuses(events: DutyEvents, known: _Table) -> Changes:
    """An account that is closed now without an event is so since `status_since`, without that always."""
    now = np.array([in_business(status) for status in known.texts("status")], dtype=np.int64)
    since = known.days("status_since", otherwise=-1)
    changes = _changes(events, "status", in_business, now)
    untold = np.ones(len(now), dtype=np.bool_)
    untold[changes.account] = False
    added = np.flatnonzero(untold & (now == 0) & (since >= 0))
    at = since[added] * DAY_US
    zeros = np.zeros(len(added), dtype=np.int64)
    return Changes(
        account=np.concatenate([changes.account, added]),
        day=np.concatenate([changes.day, since[added]]),
        occurred_at=np.concatenate([changes.occurred_at, at]),
        known_at=np.concatenate([changes.known_at, at]),
        retracted_at=np.concatenate([changes.retracted_at, np.full(len(added), NEVER)]),
        value=np.concatenate([changes.value, zeros]),
        before=np.concatenate([changes.before, zeros + 1]),
        now=now,
    )
