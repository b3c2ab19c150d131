"""The description of the data (`dataset.json`), stored in the database."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Connection, select

from kqml.calendar.business_time import instant_of, moment_of
from kqml.dataset.folder import DatasetInfo
from kqml.errors import Fault, Refused
from serve.database.tables import DATABASE_INFO, EVENTS, KINDS_RECORDED
from serve.database.upserting import upsert

STORED_KEYS = ("time_zone", "currency", "quiet_periods", "columns", "record_lags", "source")
FIXED = ("time_zone", "currency")
"""What may not change once the database holds it: days and sums would mean something else."""


def read_info(connection: Connection) -> DatasetInfo:
    """Return the description of the stored data, without a fingerprint, because the data change."""
    text = {key: json.loads(value) for key, value in connection.execute(select(DATABASE_INFO)).tuples()}
    noted = connection.execute(select(KINDS_RECORDED).order_by(KINDS_RECORDED.c.kind)).tuples()
    recorded = {kind: moment_of(first).isoformat() for kind, first in noted}
    known = {key: value for key, value in text.items() if key in STORED_KEYS}
    return DatasetInfo.from_json(json.dumps({**known, "kinds_recorded": recorded}))


def write_info(connection: Connection, info: DatasetInfo) -> None:
    """Replace the description; recorded kinds are merged, the earlier instant counts.

    Raises Refused where the database holds events of another time zone or currency.
    """
    text = {key: json.loads(value) for key, value in connection.execute(select(DATABASE_INFO)).tuples()}
    given = {key: value for key, value in asdict(info).items() if key in STORED_KEYS}
    faults = [
        Fault(key, f"{given[key]!r}, the database has {text[key]!r}", "use a database of its own")
        for key in FIXED
        if key in text and text[key] != given[key]
    ]
    if faults and connection.execute(select(EVENTS.c.event_id).limit(1)).first() is not None:
        raise Refused("The data do not fit into the database.", faults)
    rows = [{"key": key, "value": json.dumps(value, ensure_ascii=False)} for key, value in given.items()]
    upsert(connection, DATABASE_INFO, rows)
    note_kinds(connection, {kind: _instant(first) for kind, first in info.kinds_recorded.items()})


def initialise_info(connection: Connection, time_zone: str) -> None:
    """Set the time zone of an empty database; do nothing where there is one."""
    if connection.execute(select(DATABASE_INFO.c.key).limit(1)).first() is None:
        write_info(connection, replace(DatasetInfo(), time_zone=time_zone))


def note_kinds(connection: Connection, first_known: Mapping[str, int]) -> None:
    """Store since when each kind is recorded; the earlier of the stored and the given instant counts."""
    noted = dict(connection.execute(select(KINDS_RECORDED)).tuples().all())
    earlier = [
        {"kind": kind, "first_known_at": first}
        for kind, first in sorted(first_known.items())
        if first < noted.get(kind, first + 1)
    ]
    if earlier:
        upsert(connection, KINDS_RECORDED, earlier)


def _instant(text: str) -> int:
    return instant_of(datetime.fromisoformat(text))
