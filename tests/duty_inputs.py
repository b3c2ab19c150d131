"""Small companies for tests of duties: written by hand, or drawn by a seed."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from kqml.dataset.tables import SCHEMAS
from kqml.duties import DutyInputs, duty_inputs

ZONE = "Asia/Shanghai"


def at(text: str) -> datetime:
    """A local time of day in Shanghai as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def instant(text: str) -> int:
    return round(at(text).timestamp() * 1e6)


def event(kind: str, when: str, account: str = "a", **more: Any) -> dict[str, Any]:
    """An event known when it occurs, unless `known` says otherwise; attributes as a table."""
    known = more.pop("known", when)
    if "attributes" in more:
        more["attributes"] = json.dumps(more["attributes"])
    if "due" in more:
        more["due_at"] = at(more.pop("due"))
    made = {"account_id": account, "occurred_at": at(when), "known_at": at(known), "kind": kind}
    return {"event_id": f"{account}-{kind}-{when}-{more.get('contact_id', '')}", **made, **more}


def account(name: str = "a", tier: str | None = "A", **more: Any) -> dict[str, Any]:
    opened = date.fromisoformat(more.pop("opened_on", "2020-01-01"))
    return {"account_id": name, "tier": tier, "owner_rep_id": "r", "opened_on": opened, **more}


def rep(name: str = "r", *absences: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"rep_id": name, "absences": json.dumps([list(pair) for pair in absences]), **more}


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table of the contract; columns that no row has are absent, as in real data, but for events."""
    used = [field for field in SCHEMAS[name] if name == "events" or any(field.name in row for row in rows)]
    return pa.Table.from_pylist(rows, schema=pa.schema(used) if rows else SCHEMAS[name])


def book(
    events: list[dict[str, Any]],
    accounts: list[dict[str, Any]] | None = None,
    reps: list[dict[str, Any]] | None = None,
    contacts: list[dict[str, Any]] | None = None,
    quiet: list[tuple[str, str]] | None = None,
) -> DutyInputs:
    """The book of one A account looked after by one rep, unless said otherwise."""
    tables = {
        "accounts": [account()] if accounts is None else accounts,
        "contacts": contacts or [],
        "reps": [rep()] if reps is None else reps,
        "events": events,
    }
    made = {name: table(name, rows) for name, rows in tables.items()}
    return duty_inputs(made["accounts"], made["contacts"], made["reps"], made["events"], ZONE, quiet or [])


KINDS = (
    ["visit"] * 16
    + ["call"] * 10
    + ["message"] * 20
    + [
        "meeting",
        "gift",
        "gift",
        "help_given",
        "help_given",
        *["help_asked"] * 8,
        *["training"] * 3,
        "inbound",
        "inbound",
    ]
    + [*["life_event"] * 3, "rep_assigned", "tier_changed", "consent_changed", "contact_left"]
    + ["account_reopened"]
    + ["promise_made", "promise_made", "promise_kept", "complaint", "complaint", "complaint_resolved", "order"]
)


def drawn(seed: int, accounts: int = 6, events: int = 260) -> dict[str, Any]:
    """The tables of a company in early 2024 as plain rows, full of moves, leaves, late records, faked visits."""
    luck = np.random.default_rng(seed)
    start = datetime(2023, 11, 20, tzinfo=UTC)
    names, people = [f"a{place}" for place in range(accounts)], ["r0", "r1", "r2"]
    rows: list[dict[str, Any]] = []
    for place in range(events):
        rows.append(_event(luck, place, start, names, people, rows))
    rows += [_closing(luck, start, name) for name in names[:1]]
    rows += _retractions(np.random.default_rng((seed, 1)), rows)
    return {
        "accounts": [_account(luck, name, people) for name in names],
        "reps": [_rep(luck, name) for name in people],
        "contacts": [
            {"contact_id": f"{name}-{place}", "account_id": name, "birthday": _birthday(luck)}
            for name in names
            for place in range(2)
        ],
        "events": rows,
        "quiet": [("2024-02-09", "2024-02-18")] if luck.random() < 0.5 else [],
    }


def _account(luck: np.random.Generator, name: str, people: list[str]) -> dict[str, Any]:
    opened = date(2023, 11, 1) + timedelta(days=int(luck.integers(0, 120)))
    status = "closed" if luck.random() < 0.15 else "active"
    since = date(2024, 2, 5) if status == "closed" and luck.random() < 0.7 else None
    consent = json.dumps({"consent": bool(luck.random() < 0.8)}) if luck.random() < 0.7 else None
    return {
        "account_id": name,
        "tier": [None, "A", "A", "B", "B", "C", "C"][luck.integers(0, 7)],
        "owner_rep_id": [None, *people][luck.integers(0, 4)],
        "opened_on": opened if luck.random() < 0.5 else date(2022, 1, 1),
        "status": status,
        "status_since": since,
        "attributes": consent,
    }


def _rep(luck: np.random.Generator, name: str) -> dict[str, Any]:
    first = date(2024, 1, 5) + timedelta(days=int(luck.integers(0, 40)))
    last = first + timedelta(days=int(luck.integers(1, 25)))
    absences = [[first.isoformat(), last.isoformat()]] if luck.random() < 0.8 else []
    left = date(2024, 2, 10) if luck.random() < 0.3 else None
    return {"rep_id": name, "absences": json.dumps(absences), "started_on": date(2023, 1, 1), "left_on": left}


def _birthday(luck: np.random.Generator) -> str | None:
    if luck.random() < 0.1:
        return "02-29"
    return None if luck.random() < 0.2 else f"0{luck.integers(1, 4)}-{luck.integers(1, 29):02d}"


OPENED_BY = {"promise_kept": "promise_made", "complaint_resolved": "complaint"}


def _event(
    luck: np.random.Generator,
    place: int,
    start: datetime,
    names: list[str],
    people: list[str],
    earlier: list[dict[str, Any]],
) -> dict[str, Any]:
    occurred = start + timedelta(minutes=int(luck.integers(0, 105 * 24 * 60)))
    name, kind = names[luck.integers(0, len(names))], KINDS[luck.integers(0, len(KINDS))]
    late = timedelta(hours=float(luck.integers(0, 200))) if luck.random() < 0.3 else timedelta(0)
    row: dict[str, Any] = {
        "event_id": f"e{place}",
        "account_id": name,
        "occurred_at": occurred,
        "known_at": occurred + late,
        "kind": kind,
        "rep_id": people[luck.integers(0, 3)] if luck.random() < 0.7 or kind == "rep_assigned" else None,
        "contact_id": f"{name}-{luck.integers(0, 2)}" if luck.random() < 0.5 else None,
        "minutes": float(luck.integers(0, 12)) if luck.random() < 0.7 else None,
        "authenticity": float(np.round(luck.random(), 2)) if luck.random() < 0.5 else None,
    }
    if kind == "gift":
        row["amount"] = [None, 70.0, 250.0][place % 3]
    if kind in ("promise_made", "complaint") and luck.random() < 0.7:
        row["due_at"] = occurred + timedelta(days=float(luck.integers(1, 40)))
    if kind in ("promise_kept", "complaint_resolved"):
        opened = [each["event_id"] for each in earlier if each["kind"] == OPENED_BY[kind]]
        row["ref"] = opened[luck.integers(0, len(opened))] if opened else "nothing"
    if kind in ATTRIBUTES:
        row["attributes"] = json.dumps(ATTRIBUTES[kind][luck.integers(0, len(ATTRIBUTES[kind]))])
    return row


def _retractions(luck: np.random.Generator, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One event in twenty retracted within three weeks, now and then in the name of another account."""
    made = []
    for row in rows:
        if luck.random() < 1 / 20:
            occurred = row["known_at"] + timedelta(hours=float(luck.integers(0, 500)))
            account = row["account_id"] if luck.random() < 0.8 else "a1"
            blank = dict.fromkeys(("contact_id", "minutes", "authenticity")) | {"rep_id": "r2"}
            named = {"event_id": f"not-{row['event_id']}", "account_id": account, "ref": row["event_id"]}
            made.append({**blank, **named, "kind": "event_retracted", "occurred_at": occurred, "known_at": occurred})
    return made


def _closing(luck: np.random.Generator, start: datetime, name: str) -> dict[str, Any]:
    """A closure late in the story, known some days later."""
    occurred = start + timedelta(days=float(luck.integers(60, 100)))
    known = occurred + timedelta(days=float(luck.integers(0, 9)))
    blank = dict.fromkeys(("rep_id", "contact_id", "minutes", "authenticity"))
    made = {"event_id": "closing", "account_id": name, "kind": "account_closed"}
    return {**made, **blank, "occurred_at": occurred, "known_at": known}


ATTRIBUTES: dict[str, list[dict[str, Any]]] = {
    "tier_changed": [{"from": "A", "to": "B"}, {"to": "C"}, {"from": "C", "to": "A"}],
    "consent_changed": [{"from": True, "to": False}, {"from": False, "to": True}],
    "rep_assigned": [{}, {"from": "r1"}],
    "life_event": [{"topic": "milestone"}, {"topic": "misfortune"}, {}],
}
