"""The four tables of a dataset: their columns as Arrow types, their rules as pandera schemas."""

from collections.abc import Mapping
from functools import cache

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from kqml.calendar.visiting_times import OPENING_HOURS, VISIT_TIME, VISIT_WEEKDAYS
from kqml.errors import Fault, Refused
from kqml.events import KIND_OF_CODE

TEXT, NUMBER, DATE = pa.string(), pa.float64(), pa.date32()
INSTANT = pa.timestamp("us", tz="UTC")

ACCOUNTS = pa.schema(
    {
        "account_id": TEXT,
        "name": TEXT,
        "tier": TEXT,
        "segment": TEXT,
        "region": TEXT,
        "owner_rep_id": TEXT,
        "opened_on": DATE,
        "status": TEXT,
        "status_since": DATE,
        "credit_grade": TEXT,
        "visit_weekdays": TEXT,
        "visit_time": TEXT,
        "route": TEXT,
        "opening_hours": TEXT,
        "latitude": NUMBER,
        "longitude": NUMBER,
        "attributes": TEXT,
    }
)
CONTACTS = pa.schema(
    {
        "contact_id": TEXT,
        "account_id": TEXT,
        "name": TEXT,
        "role": TEXT,
        "influence": TEXT,
        "phone": TEXT,
        "birthday": TEXT,
        "education": TEXT,
        "home_town": TEXT,
        "family": TEXT,
        "character": TEXT,
        "hobbies": TEXT,
        "attributes": TEXT,
    }
)
REPS = pa.schema(
    {
        "rep_id": TEXT,
        "name": TEXT,
        "manager_id": TEXT,
        "region": TEXT,
        "started_on": DATE,
        "left_on": DATE,
        "minutes_per_week": NUMBER,
        "stops_per_week": NUMBER,
        "budget_per_week": NUMBER,
        "absences": TEXT,
    }
)
EVENTS = pa.schema(
    {
        "event_id": TEXT,
        "account_id": TEXT,
        "occurred_at": INSTANT,
        "known_at": INSTANT,
        "kind": TEXT,
        "amount": NUMBER,
        "quantity": NUMBER,
        "lines": NUMBER,
        "minutes": NUMBER,
        "sentiment": NUMBER,
        "rep_id": TEXT,
        "contact_id": TEXT,
        "channel": TEXT,
        "due_at": INSTANT,
        "ref": TEXT,
        "authenticity": NUMBER,
        "attributes": TEXT,
    }
)
SCHEMAS: Mapping[str, pa.Schema] = {"accounts": ACCOUNTS, "contacts": CONTACTS, "reps": REPS, "events": EVENTS}
"""Every table. `attributes` and a rep's `absences` (`[[start, end], …]`, ISO dates) are JSON text."""

KEYS = {
    "accounts": ("account_id",),
    "contacts": ("contact_id",),
    "reps": ("rep_id",),
    "events": ("account_id", "occurred_at", "event_id"),
}
"""The order in which a table is stored."""

REQUIRED = {
    "accounts": ("account_id",),
    "contacts": ("contact_id", "account_id"),
    "reps": ("rep_id",),
    "events": ("event_id", "account_id", "occurred_at", "known_at", "kind"),
}
"""What no stored row may lack."""

ID_COLUMNS = frozenset({"account_id", "contact_id", "rep_id", "event_id", "owner_rep_id", "manager_id", "ref"})
"""The columns that hold ids, which follow the rule of kqml.ids."""

TIERS = ("A", "B", "C")
STATUSES = ("active", "suspended", "closed", "transferred")
CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("accounts", "tier"): TIERS,
    ("accounts", "status"): STATUSES,
    ("events", "kind"): tuple(KIND_OF_CODE),
}
"""Table and column → the only values it may hold."""

RANGES: Mapping[tuple[str, str], tuple[float, float | None]] = {
    ("events", "amount"): (0.0, None),
    ("events", "quantity"): (0.0, None),
    ("events", "lines"): (0.0, None),
    ("events", "minutes"): (0.0, None),
    ("events", "sentiment"): (-1.0, 1.0),
    ("events", "authenticity"): (0.0, 1.0),
    ("accounts", "latitude"): (-90.0, 90.0),
    ("accounts", "longitude"): (-180.0, 180.0),
    ("reps", "minutes_per_week"): (0.0, None),
    ("reps", "stops_per_week"): (0.0, None),
    ("reps", "budget_per_week"): (0.0, None),
}
"""Table and column → the least and the greatest number it may hold."""

BIRTHDAY = r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
"""A month with a day; a birth year is nobody's business."""

PATTERNS: Mapping[tuple[str, str], str] = {
    ("accounts", "visit_weekdays"): VISIT_WEEKDAYS,
    ("accounts", "visit_time"): VISIT_TIME,
    ("accounts", "opening_hours"): OPENING_HOURS,
    ("contacts", "birthday"): BIRTHDAY,
}
"""Table and column → the form of its text."""


def conform(name: str, table: pa.Table | pd.DataFrame) -> pa.Table:
    """The table with the contract's types and order of columns; only columns that it has.

    Events without `known_at` are known when they occur. Raises Refused with every column that does not belong,
    is absent though required, or cannot be read as its type.
    """
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(_in_utc(table), preserve_index=False)
    if name == "events" and "known_at" not in table.column_names and "occurred_at" in table.column_names:
        table = table.append_column("known_at", table["occurred_at"])
    faults = _column_faults(name, table)
    columns: dict[str, pa.ChunkedArray] = {}
    for column in (field for field in SCHEMAS[name] if field.name in table.column_names):
        try:
            columns[column.name] = table[column.name].cast(column.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            faults.append(Fault(f"{name}.{column.name}", str(error), f"give it as {column.type}"))
    if faults:
        raise Refused(f"The table {name} does not match the data contract.", faults)
    return pa.table(columns, schema=pa.schema([SCHEMAS[name].field(column) for column in columns]))


def _in_utc(frame: pd.DataFrame) -> pd.DataFrame:
    """Instants as naive UTC: pyarrow reads zoned ones through `Series.values`, which pandas 3.1 deprecates."""
    zoned = frame.select_dtypes("datetimetz")
    return frame.assign(**{str(name): zoned[name].dt.tz_convert(None) for name in zoned})


def _column_faults(name: str, table: pa.Table) -> list[Fault]:
    known = SCHEMAS[name].names
    faults = [
        Fault(f"{name}.{column}", "is not a column of this table", f"use one of {', '.join(known)}")
        for column in table.column_names
        if column not in known
    ]
    return faults + [
        Fault(f"{name}.{column}", "the column is missing", "add the column")
        for column in REQUIRED[name]
        if column not in table.column_names
    ]


def check_rows(name: str, table: pa.Table) -> None:
    """Raises Refused with every rule of the contract that rows of a conforming table break, with the first rows."""
    frame = table.to_pandas(date_as_object=False)
    try:
        _rules(name, tuple(table.column_names)).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        raise Refused(f"Rows of {name} violate the data contract.", _row_faults(name, error.failure_cases)) from error


@cache
def _rules(name: str, columns: tuple[str, ...]) -> pandera.DataFrameSchema:
    unique = [] if name == "events" else list(KEYS[name])
    return pandera.DataFrameSchema(
        {
            column: pandera.Column(checks=_checks(name, column), nullable=column not in REQUIRED[name])
            for column in columns
        },
        unique=unique or None,
    )


def _checks(name: str, column: str) -> list[pandera.Check]:
    checks = []
    if (name, column) in CHOICES:
        checks.append(pandera.Check.isin(CHOICES[name, column]))
    if (name, column) in RANGES:
        low, high = RANGES[name, column]
        checks.append(pandera.Check.ge(low) if high is None else pandera.Check.in_range(low, high))
    if (name, column) in PATTERNS:
        checks.append(pandera.Check.str_matches(PATTERNS[name, column]))
    return checks


def _row_faults(name: str, cases: pd.DataFrame) -> list[Fault]:
    faults = []
    for (column, check), group in cases.groupby(["column", "check"], sort=True):
        rows = ", ".join(str(int(row) + 1) for row in group["index"].dropna().unique()[:5])
        values = ", ".join(sorted({str(value) for value in group["failure_case"]})[:5])
        faults.append(Fault(f"{name}.{column}", f"{values} violates {check} (rows {rows})", "correct these rows"))
    return faults
