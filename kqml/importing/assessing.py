"""What a dataset's tables are good for: size, fill, holes, orphans, which account columns may be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from kqml.calendar.business_time import DAY_US, QuietPeriods, local_midnight, moment_of
from kqml.dataset.folder import ColumnUse, DatasetInfo
from kqml.dataset.tables import KEYS, REQUIRED, SCHEMAS
from kqml.history.mass_departures import OrderSpans, find_mass_departures
from kqml.ids import look_alike_key
from kqml.importing.column_use import column_uses
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.relations import literal, one_row, quoted
from kqml.importing.report import ColumnFill, Summary

SHORT_DAYS = 365
HOLE_DAYS, HOLE_GAPS = 14, 5.0
"""A stretch without any order is a hole from so many days and so many times the usual distance of order days."""

BLOCK_DAYS, BLOCKS, THIN = 28, 13, 0.5
OUTLIER_TIMES = 1000.0
FEW_ACCOUNTS = 100
SURVIVORS_LEAST, SURVIVORS_SHARE = 50, 0.01
STOPPED_DAYS, STOPPED_GAPS, LEAST_ORDERS = 60, 1.5, 3
"""Of at least so many accounts known for a year less than this share has stopped: has been silent for so many days and
so many times its own longest gap."""

NIGHT_SHARE, NIGHT_LEAST = 0.3, 100
"""Of at least so many orders with a clock time this share at night looks like another time zone."""

EXAMPLES = 5

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Assessment:
    """What was measured on tables in the form of the data contract."""

    summary: Summary
    columns: tuple[ColumnFill, ...]
    kinds: Mapping[str, int]
    uses: Mapping[str, ColumnUse]
    findings: tuple[Finding, ...]


def assess(connection: Connection, info: DatasetInfo, declared: Mapping[str, str]) -> Assessment:
    """Measures the tables `accounts`, `contacts`, `reps`, `events` of a connection, faultless but maybe empty.

    `declared`: account column → date since which its changes are complete.
    """
    per_account = _per_account(connection)
    kinds = _kinds(connection)
    summary = _summary(connection, info.time_zone, per_account, kinds)
    accounts = connection.execute("SELECT * FROM accounts").df().set_index("account_id")
    uses: dict[str, ColumnUse] = {}
    findings: list[Finding] = []
    if len(accounts):
        accounts = accounts.reindex(per_account.index)
        uses, findings = column_uses(accounts, per_account["last"], declared, frozenset(kinds))
    findings += _refusals(per_account, kinds)
    findings += _orphans(connection)
    findings += _look_alikes(per_account.index)
    if kinds.get("order"):
        findings += [
            *_days_findings(connection, info),
            *_order_findings(connection, info.time_zone, summary, per_account),
        ]
        findings += _departure_findings(connection, info, accounts)
    return Assessment(summary, _fills(connection, uses), kinds, uses, tuple(findings))


def _per_account(connection: Connection) -> pd.DataFrame:
    """For each account of any table: events, orders, instants of the first and last order and the last event."""
    frame = connection.execute(
        "SELECT account_id, count(*) AS events, count(*) FILTER (kind = 'order') AS orders,"
        " epoch_us(max(occurred_at)) AS last, epoch_us(min(occurred_at) FILTER (kind = 'order')) AS first_order,"
        " epoch_us(max(occurred_at) FILTER (kind = 'order')) AS last_order FROM events GROUP BY account_id"
    ).df()
    known = connection.execute("SELECT account_id FROM accounts").df()["account_id"]
    frame = frame.set_index("account_id")
    frame = frame.reindex(frame.index.union(pd.Index(known)))
    return frame.fillna({"events": 0, "orders": 0})


def _kinds(connection: Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind").fetchall())


def _summary(connection: Connection, zone: str, per_account: pd.DataFrame, kinds: Mapping[str, int]) -> Summary:
    first, last = one_row(connection, "SELECT epoch_us(min(occurred_at)), epoch_us(max(occurred_at)) FROM events")
    repeated = per_account[per_account["orders"] > 1]
    gaps = (repeated["last_order"] - repeated["first_order"]) / (repeated["orders"] - 1) / DAY_US
    return Summary(
        accounts=len(per_account),
        events=sum(kinds.values()),
        orders=kinds.get("order", 0),
        first=None if first is None else moment_of(first, zone).isoformat(),
        last=None if last is None else moment_of(last, zone).isoformat(),
        gap_days=round(float(gaps.median()), 2) if len(gaps) else None,
        accounts_with_one_event=int((per_account["events"] == 1).sum()),
        accounts_with_four_orders=int((per_account["orders"] >= 4).sum()),
    )


def _fills(connection: Connection, uses: Mapping[str, ColumnUse]) -> tuple[ColumnFill, ...]:
    fills = []
    for table in SCHEMAS:
        have = {row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
        names = [name for name in SCHEMAS[table].names if name in have and name not in REQUIRED[table]]
        counts = "".join(f", count({quoted(name)})" for name in names)
        total, *present = one_row(connection, f"SELECT count(*){counts} FROM {table}")
        for name, count in zip(names, present, strict=True):
            if total and (count or table != "events"):
                use = uses.get(name) if table == "accounts" else None
                result = (use.usable, use.why) if use else (None, "")
                fills.append(ColumnFill(table, name, total - count, (total - count) / total, *result))
    return tuple(fills)


def _refusals(per_account: pd.DataFrame, kinds: Mapping[str, int]) -> list[Finding]:
    if not sum(kinds.values()):
        return [Finding("no_events", FindingLevel.REFUSAL, "events")]
    if not kinds.get("order"):
        return [Finding("no_orders", FindingLevel.REFUSAL, "events")]
    if not (per_account["orders"] > 1).any():
        return [Finding("no_repeats", FindingLevel.REFUSAL, "events", count=len(per_account))]
    return []


def _look_alikes(ids: pd.Index) -> list[Finding]:
    """Account ids that a person takes for the same."""
    alike: dict[str, list[str]] = {}
    for name in sorted(ids):
        alike.setdefault(look_alike_key(name), []).append(name)
    groups = [names for names in alike.values() if len(names) > 1]
    if not groups:
        return []
    values = tuple(" / ".join(names) for names in groups[:EXAMPLES])
    share = len(groups) / len(alike)
    return [Finding("look_alike", FindingLevel.WARNING, "events", "account_id", len(groups), share, values=values)]


_LINKS = (
    ("events", "account_id", "accounts"),
    ("contacts", "account_id", "accounts"),
    ("events", "rep_id", "reps"),
    ("accounts", "owner_rep_id", "reps"),
    ("events", "contact_id", "contacts"),
)


def _orphans(connection: Connection) -> list[Finding]:
    """Names that the table which should describe them does not have; only where there is such a table."""
    findings = []
    for table, column, target in _LINKS:
        key = KEYS[target][0]
        has = column in [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
        if not has or not one_row(connection, f"SELECT count(*) FROM {target}")[0]:
            continue
        names = f"SELECT DISTINCT {column} AS name FROM {table} WHERE {column} IS NOT NULL"
        absent = f"count(*) FILTER (name NOT IN (SELECT {key} FROM {target}))"
        examples = f"min(name, 5) FILTER (name NOT IN (SELECT {key} FROM {target}))"
        count, total, values = one_row(connection, f"SELECT {absent}, count(*), {examples} FROM ({names})")
        if count:
            share, facts = count / total, {"target": target}
            level = FindingLevel.WARNING
            findings.append(Finding("orphans", level, table, column, count, share, values=tuple(values), facts=facts))
    return findings


def _days_findings(connection: Connection, info: DatasetInfo) -> list[Finding]:
    """What is odd about the days on which anybody ordered: a short time, a hole, a thin end."""
    day = f"CAST(timezone({literal(info.time_zone)}, occurred_at) AS DATE)"
    frame = connection.execute(
        f"SELECT {day} - DATE '1970-01-01' AS day, count(*) AS orders FROM events WHERE kind = 'order'"
        " GROUP BY 1 ORDER BY 1"
    ).df()
    days, orders = frame["day"].to_numpy(np.int64), frame["orders"].to_numpy(np.int64)
    span = int(days[-1] - days[0]) + 1
    findings = []
    if span < SHORT_DAYS:
        findings.append(Finding("short_span", FindingLevel.WARNING, "events", count=span))
    findings += _hole(days, info)
    findings += _thin_end(days, orders)
    return findings


def _hole(days: Any, info: DatasetInfo) -> list[Finding]:
    quiet = QuietPeriods.of(
        (
            local_midnight(pd.Timestamp(period.start).date(), "UTC"),
            local_midnight(pd.Timestamp(period.end).date(), "UTC"),
        )
        for period in info.quiet_periods
    )
    steps = np.diff(quiet.active(days * DAY_US)) / DAY_US
    if not len(steps) or steps.max() < max(HOLE_DAYS, HOLE_GAPS * float(np.median(steps))):
        return []
    position = int(np.argmax(steps))
    facts = {"start": _date(days[position]), "end": _date(days[position + 1])}
    return [
        Finding("hole", FindingLevel.WARNING, "events", count=int(days[position + 1] - days[position]), facts=facts)
    ]


def _thin_end(days: Any, orders: Any) -> list[Finding]:
    """Fewer than half the usual orders in the last four weeks: the export may have been cut."""
    block = (days[-1] - days) // BLOCK_DAYS
    sums = np.bincount(block, weights=orders)[: BLOCKS + 1]
    if len(sums) < 4 or sums[0] >= THIN * np.median(sums[1:]):
        return []
    share = float(sums[0] / np.median(sums[1:]))
    return [Finding("thin_end", FindingLevel.WARNING, "events", count=int(sums[0]), share=share)]


def _departure_findings(connection: Connection, info: DatasetInfo, accounts: pd.DataFrame) -> list[Finding]:
    """Accounts that stop together, or hardly any that stop."""
    day = f"CAST(timezone({literal(info.time_zone)}, occurred_at) AS DATE) - DATE '1970-01-01'"
    frame = connection.execute(
        f"WITH days AS (SELECT DISTINCT account_id, {day} AS day FROM events WHERE kind = 'order'),"
        " gaps AS (SELECT *, day - lag(day) OVER (PARTITION BY account_id ORDER BY day) AS gap FROM days)"
        " SELECT account_id, count(*) AS orders, min(day) AS first, max(day) AS last,"
        " coalesce(max(gap), 0) AS longest FROM gaps GROUP BY account_id"
    ).df()
    frame = frame.set_index("account_id")
    kinds = "kind IN ('account_closed', 'account_transferred')"
    closed = connection.execute(f"SELECT DISTINCT account_id FROM events WHERE {kinds}").df()["account_id"]
    (until,) = one_row(connection, f"SELECT max({day}) FROM events")
    spans = OrderSpans(
        **{str(name): frame[name].to_numpy(np.int64) for name in frame},
        ended=frame.index.isin(closed),
        until=int(until),
    )
    groups = accounts.reindex(frame.index) if len(accounts) else None
    return _survivors_only(spans) + [
        Finding(
            departure.code,
            FindingLevel.WARNING,
            "events",
            count=departure.accounts,
            share=departure.share,
            facts={
                "first": departure.first,
                "last": departure.last,
                "column": departure.column,
                "value": departure.value,
            },
        )
        for departure in find_mass_departures(spans, groups)
    ]


def _survivors_only(spans: OrderSpans) -> list[Finding]:
    """Accounts known for a year, of which hardly any has stopped: those that did may not be in the data."""
    known = (spans.first <= spans.until - SHORT_DAYS) & (spans.orders >= LEAST_ORDERS)
    silent = spans.until - spans.last
    stopped = known & (spans.ended | (silent > np.maximum(STOPPED_DAYS, STOPPED_GAPS * spans.longest)))
    count, of = int(stopped.sum()), int(known.sum())
    if of < SURVIVORS_LEAST or count >= SURVIVORS_SHARE * of:
        return []
    return [
        Finding(
            "survivors_only", FindingLevel.WARNING, "events", count=count, share=count / of, facts={"of": f"{of:,}"}
        )
    ]


def _date(day: int) -> str:
    return str(np.datetime64(int(day), "D"))


def _night_orders(connection: Connection, zone: str) -> tuple[int, int]:
    """The orders with a clock time, and those of them between midnight and six; midnight itself says no time."""
    clock = f"CAST(timezone({literal(zone)}, occurred_at) AS TIME)"
    clocked, night = one_row(
        connection,
        f"SELECT count(*), count(*) FILTER (clock < TIME '06:00:00') FROM"
        f" (SELECT {clock} AS clock FROM events WHERE kind = 'order') WHERE clock <> TIME '00:00:00'",
    )
    return clocked, night


def _order_findings(connection: Connection, zone: str, summary: Summary, per_account: pd.DataFrame) -> list[Finding]:
    amounts = "FROM events WHERE kind = 'order' AND amount IS NOT NULL"
    (middle,) = one_row(connection, f"SELECT median(amount) {amounts}")
    (large,) = one_row(connection, f"SELECT count(*) {amounts} AND amount > {OUTLIER_TIMES * (middle or 0.0)}")
    early = one_row(connection, "SELECT count(*) FROM events WHERE known_at < occurred_at")[0]
    clocked, night = _night_orders(connection, zone)
    at_night = night >= NIGHT_SHARE * clocked
    singles, fours = summary.accounts_with_one_event, summary.accounts_with_four_orders
    total = summary.accounts
    result = (
        ("outliers", FindingLevel.WARNING, large, large / summary.orders, middle is not None),
        ("no_amounts", FindingLevel.WARNING, summary.orders, 1.0, middle is None),
        ("known_before", FindingLevel.WARNING, early, early / summary.events, True),
        ("night_orders", FindingLevel.WARNING, night, night / max(clocked, 1), clocked >= NIGHT_LEAST and at_night),
        ("single_events", FindingLevel.NOTE, singles, singles / total, True),
        ("few_accounts", FindingLevel.WARNING, fours, fours / total, fours < FEW_ACCOUNTS),
    )
    return [
        Finding(message, level, "events", count=count, share=share)
        for message, level, count, share, applies in result
        if applies and (count or message == "few_accounts")
    ]
