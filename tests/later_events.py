"""Random events of every kind that become known at or after a cutoff."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from kqml.calendar.business_time import DAY_US, moment_of
from kqml.events import KINDS, EventKind

WORDS = {"tier": ("A", "B", "C"), "credit_grade": ("good", "poor"), "owner_rep_id": ("R-new", "R-other")}
CHANGED = {
    EventKind.TIER_CHANGED: "tier",
    EventKind.CREDIT_CHANGED: "credit_grade",
    EventKind.REP_ASSIGNED: "owner_rep_id",
}
ENDINGS = (EventKind.ACCOUNT_SUSPENDED, EventKind.ACCOUNT_CLOSED, EventKind.ACCOUNT_TRANSFERRED)
ATTRIBUTES = (None, {"topic": "price"}, {"topic": "milestone"}, {"fields": ["size", "phone"]}, {"offer": "display"})

Row = dict[str, Any]


class LaterEvents:
    """Draws what happens to accounts after a cutoff. `accounts`: their rows as they stand at the cutoff, changed as the
    table of accounts is where `updated`; an account changes each of its columns at most once."""

    def __init__(self, seed: int, accounts: list[Row], events: list[Row], cutoff: int, updated: bool) -> None:
        self._random = np.random.default_rng(seed)
        self._accounts, self._cutoff, self._updated = accounts, cutoff, updated
        self._names = [row["event_id"] for row in events]
        self._accounts_of = {row["event_id"]: row["account_id"] for row in events}
        self._ended = {row["account_id"] for row in events if row["kind"] in {kind.code for kind in ENDINGS}}
        self._changed: set[tuple[str, str]] = set()

    def of_every_kind(self) -> list[Row]:
        """Two events of each kind, known from the cutoff on; they happened up to a year earlier, or lie ahead."""
        return [row for number in range(2) for kind in KINDS if (row := self._event(kind, number)) is not None]

    def _event(self, kind: EventKind, number: int) -> Row | None:
        random = self._random
        account = self._account(kind)
        if account is None:
            return None
        known = self._cutoff + int(random.choice([0, 1, DAY_US, 40 * DAY_US, 400 * DAY_US]))
        occurred = known + int(random.choice([-400, -40, -3, 0, 3]) * DAY_US)
        row = {
            "event_id": f"later-{kind.code}-{number}",
            "account_id": account["account_id"],
            "occurred_at": moment_of(occurred),
            "known_at": moment_of(known),
            "kind": kind.code,
            "amount": float(random.integers(1, 90_000)),
            "quantity": float(random.integers(1, 9)),
            "lines": float(random.integers(1, 9)),
            "minutes": float(random.integers(1, 90)),
            "sentiment": float(random.uniform(-1, 1)),
            "authenticity": float(random.random()),
            "rep_id": str(random.choice(["R-new", "R0000-00"])),
            "contact_id": "C-new",
            "channel": "phone",
            "due_at": moment_of(known + int(random.integers(-30, 30)) * DAY_US),
            "ref": str(random.choice(self._names)),
        }
        if kind is EventKind.EVENT_RETRACTED:
            return {**row, "account_id": self._accounts_of[row["ref"]]}
        attributes = ATTRIBUTES[random.integers(0, len(ATTRIBUTES))]
        return self._change(row, kind, account, attributes)

    def _account(self, kind: EventKind) -> Row | None:
        """An account whose column was not changed yet; now and then one that nobody had heard of."""
        column = column_of(kind)
        if column is None and self._random.random() < 0.1:
            return {"account_id": "new"}
        reopened = kind is EventKind.ACCOUNT_REOPENED
        fit = [row for row in self._accounts if column is None or (row["account_id"], column) not in self._changed]
        if column == "status":
            fit = [row for row in fit if (row["account_id"] in self._ended) == reopened]
        return fit[self._random.integers(0, len(fit))] if fit else None

    def _change(self, row: Row, kind: EventKind, account: Row, attributes: Mapping[str, Any] | None) -> Row:
        column = column_of(kind)
        if column is None:
            return {**row, "attributes": None if attributes is None else json.dumps(attributes)}
        self._changed.add((account["account_id"], column))
        if column == "status":
            after = "active" if kind is EventKind.ACCOUNT_REOPENED else kind.code.removeprefix("account_")
            return self._put(row, account, column, after)
        if column == "attributes":
            told = json.loads(account.get(column) or "{}")
            before = told.get("consent", True)
            self._put(row, account, column, json.dumps({**told, "consent": not before}))
            return {**row, "attributes": json.dumps({"from": before, "to": not before})}
        before = account.get(column)
        after = next(word for word in WORDS[column] if word != before)
        says = self._updated or self._random.random() < 0.5
        note = {"from": before, "to": after} if says else {"to": after}
        self._put(row, account, column, after)
        told = {**row, "attributes": json.dumps(note)}
        return {**told, "rep_id": after} if kind is EventKind.REP_ASSIGNED else told

    def _put(self, row: Row, account: Row, column: str, after: str) -> Row:
        if self._updated:
            account[column] = after
        return row


def column_of(kind: EventKind) -> str | None:
    """The column of accounts that events of a kind change."""
    if kind in (*ENDINGS, EventKind.ACCOUNT_REOPENED):
        return "status"
    return "attributes" if kind is EventKind.CONSENT_CHANGED else CHANGED.get(kind)
