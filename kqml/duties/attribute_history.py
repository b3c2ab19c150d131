"""How accounts stand from day to day: tier, rep in charge, consent, open or closed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, local_days
from kqml.dataset.tables import TIERS
from kqml.duties.attribute_changes import Changes
from kqml.duties.duty_log import DutyLog, Records
from kqml.events import EventKind
from kqml.history.attributes import STATUS_AFTER, has_consent

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class AttributeHistory:
    """`tier`: place in TIERS. `owner`: place in the log's reps. `consent`, `status`: 1 yes, open; 0 no, closed.
    `opened`: the local day from which an account is one."""

    tier: Changes
    owner: Changes
    consent: Changes
    status: Changes
    opened: Indices


def attribute_history(log: DutyLog, accounts: pa.Table) -> AttributeHistory:
    """The standing of a log's accounts from their table of now, from the events that changed it."""
    known = _Table(accounts, log)
    records = log.records
    return AttributeHistory(
        tier=_tiers(log, records.of(EventKind.TIER_CHANGED), known),
        owner=_owners(log, records.of(EventKind.REP_ASSIGNED), known),
        consent=_consents(log, records.of(EventKind.CONSENT_CHANGED), known),
        status=_statuses(log, records.of(*STATUS_AFTER), known),
        opened=known.days("opened_on", otherwise=-(2**31)),
    )


class _Table:
    """The table of accounts in the order of the log; accounts that it lacks have nulls."""

    def __init__(self, accounts: pa.Table, log: DutyLog) -> None:
        place = pc.index_in(pa.array(log.accounts, pa.string()), value_set=accounts["account_id"].combine_chunks())
        self._rows = accounts.take(place)

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


def _changes(log: DutyLog, records: Records, value: Indices, before: Indices, now: Indices) -> Changes:
    return Changes(
        account=records.account,
        day=local_days(records.occurred_at, log.time_zone),
        occurred_at=records.occurred_at,
        known_at=records.known_at,
        value=value,
        before=before,
        now=now,
    )


def _tiers(log: DutyLog, records: Records, known: _Table) -> Changes:
    notes = log.notes(records.row)
    value, before = (np.array([_tier(note.get(key)) for note in notes], dtype=np.int64) for key in ("to", "from"))
    return _changes(log, records, value, before, known.value_indices("tier", list(TIERS)))


def _tier(name: object) -> int:
    return TIERS.index(name) if isinstance(name, str) and name in TIERS else -1


def _owners(log: DutyLog, records: Records, known: _Table) -> Changes:
    """Where no change says who was in charge before, it is whoever was last seen at the account before it."""
    names = {rep.name: place for place, rep in enumerate(log.reps)}
    text = [names.get(str(note.get("from")), -1) for note in log.notes(records.row)]
    now = known.value_indices("owner_rep_id", [rep.name for rep in log.reps])
    changes = _changes(log, records, records.rep, np.array(text, dtype=np.int64), now)
    seen = (log.records.rep >= 0) & (log.records.occurred_at < changes.first()[log.records.account])
    hints = np.full(len(now), -1, dtype=np.int64)
    hints[log.records.account[seen]] = log.records.rep[seen]
    return changes.with_before(hints)


def _consents(log: DutyLog, records: Records, known: _Table) -> Changes:
    """From `attributes.consent` of now, `from` and `to` of events."""
    notes = log.notes(records.row)
    value = np.array([has_consent(note, "to") for note in notes], dtype=np.int64)
    before = np.array([has_consent(note, "from") for note in notes], dtype=np.int64)
    now = [has_consent(_attributes(text)) for text in known.texts("attributes")]
    return _changes(log, records, value, before, np.array(now, dtype=np.int64))


def _attributes(text: str | None) -> dict[str, Any]:
    result = orjson.loads(text) if text else {}
    return result if isinstance(result, dict) else {}


def _statuses(log: DutyLog, records: Records, known: _Table) -> Changes:
    """An account that is closed now without an event is so since `status_since`, without that always."""
    opens = (records.kind == EventKind.ACCOUNT_REOPENED.number).astype(np.int64)
    now = np.array([int(status in (None, "active")) for status in known.texts("status")], dtype=np.int64)
    since = known.days("status_since", otherwise=-1)
    changes = _changes(log, records, opens, 1 - opens, now)
    untold = np.ones(len(now), dtype=np.bool_)
    untold[records.account] = False
    added = np.flatnonzero(untold & (now == 0) & (since >= 0))
    at = since[added] * DAY_US
    zeros = np.zeros(len(added), dtype=np.int64)
    return Changes(
        account=np.concatenate([changes.account, added]),
        day=np.concatenate([changes.day, since[added]]),
        occurred_at=np.concatenate([changes.occurred_at, at]),
        known_at=np.concatenate([changes.known_at, at]),
        value=np.concatenate([changes.value, zeros]),
        before=np.concatenate([changes.before, zeros + 1]),
        now=now,
    )
