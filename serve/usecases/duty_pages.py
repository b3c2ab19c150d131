"""List the duties of the database's accounts, a part of the accounts at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow.compute as pc
from sqlalchemy import Connection

from kqml.duties.overrides import duty_id
from serve.database.contacts import Vault
from serve.database.duty_inputs import DutyInputReader, accounts_from
from serve.database.duty_overrides import duty_overrides
from serve.database.territory import Territory
from serve.usecases.list_duties import ListDutiesRequest, list_duties

ACCOUNTS_AT_ONCE = 100
ACCOUNTS_PER_PAGE = 500
"""A page ends after so many accounts, however few of their duties match."""

ROWS_AT_ONCE = 500
"""Rows that become Python objects in one step, during which no other thread runs."""

Row = dict[str, Any]


@dataclass(frozen=True)
class DutyFilter:
    """Which duties of which accounts. `filters`: of `serve.database.duty_inputs.FILTERS`. `reps`: whose own duties,
    fulfilled at any account, are listed. `vault`: decrypts birthdays."""

    duties: ListDutiesRequest
    territory: Territory
    filters: dict[str, list[str]] = field(default_factory=dict)
    reps: Sequence[str] = ()
    vault: Vault | None = None

    def inputs(self, connection: Connection) -> DutyInputReader:
        """Return the reader of the inputs of the duties."""
        return DutyInputReader(connection, self.duties.playbook, self.vault, self.duties.cutoff)


@dataclass(frozen=True)
class DutyRows:
    """Rows of `kqml.duties.table.SCHEMA` with `duty_id` and the mark on them (`declared`); `last`: account and the
    number of its rows listed so far, None at the end."""

    rows: list[Row]
    last: tuple[str, int] | None


def duty_page(connection: Connection, wanted: DutyFilter, after: tuple[str, int], limit: int) -> DutyRows:
    """Return at most `limit` duties behind `after`: those of reps first (account ""), then by account."""
    rows: list[Row] = []
    position = after
    for account, result in _by_account(connection, wanted, after[0]):
        skipped = after[1] if account == after[0] else 0
        if result is None:
            return DutyRows(rows, (account, 0))
        fresh = result[skipped : skipped + limit - len(rows)]
        rows += fresh
        position = (account, skipped + len(fresh))
        if len(rows) == limit:
            return DutyRows(rows, position)
    return DutyRows(rows, None)


def duties_of_accounts(connection: Connection, wanted: DutyFilter, accounts: Sequence[str]) -> dict[str, Row]:
    """Return the duties of these accounts, and of the reps of `wanted`, by `duty_id`."""
    books = wanted.inputs(connection)
    rows = _of_reps(connection, books, wanted) if wanted.reps else []
    rows += _rows(books, accounts, wanted, of_reps=False) if accounts else []
    return {row["duty_id"]: row for row in rows}


def _by_account(connection: Connection, wanted: DutyFilter, first: str) -> Iterator[tuple[str, list[Row] | None]]:
    """Each account from `first` on with its rows; None where the page ends before it."""
    books = wanted.inputs(connection)
    if not first and wanted.reps:
        yield "", _of_reps(connection, books, wanted)
    looked_at = 0
    while ids := accounts_from(connection, wanted.territory, wanted.filters, first, ACCOUNTS_AT_ONCE + 1):
        if looked_at >= ACCOUNTS_PER_PAGE:
            yield ids[0], None
            return
        now = ids[:ACCOUNTS_AT_ONCE]
        result: dict[str, list[Row]] = {name: [] for name in now}
        for row in _rows(books, now, wanted, of_reps=False):
            result[row["account_id"]].append(row)
        yield from result.items()
        if len(ids) <= ACCOUNTS_AT_ONCE:
            return
        first, looked_at = ids[-1], looked_at + len(now)


def _of_reps(connection: Connection, books: DutyInputReader, wanted: DutyFilter) -> list[Row]:
    """The duties of the reps themselves, from the histories of the accounts that they own now."""
    own, first = [], ""
    while ids := accounts_from(connection, wanted.territory, {"rep": list(wanted.reps)}, first, ACCOUNTS_AT_ONCE + 1):
        own += ids[:ACCOUNTS_AT_ONCE]
        if len(ids) <= ACCOUNTS_AT_ONCE:
            break
        first = ids[-1]
    return [row for row in _rows(books, own, wanted, of_reps=True) if row["rep_id"] in wanted.reps]


def _rows(books: DutyInputReader, ids: Sequence[str], wanted: DutyFilter, *, of_reps: bool) -> list[Row]:
    book = books.of(ids)
    if not len(book.log.accounts):
        return []
    overrides = books.override_rows(wanted.reps if of_reps else ids)
    table = list_duties(replace(book, declared=duty_overrides(overrides)), wanted.duties)
    is_wanted = pc.is_null(table["account_id"]) if of_reps else pc.is_valid(table["account_id"])
    last = {row["duty_id"]: row for row in overrides}
    batches = table.filter(is_wanted).to_batches(max_chunksize=ROWS_AT_ONCE)
    return [_describe(row, last) for batch in batches for row in batch.to_pylist()]


def _describe(row: Row, last: Mapping[str, Mapping[str, Any]]) -> Row:
    """The row with its id and the mark that applies to it."""
    name = duty_id(row)
    text = last.get(name)
    return {**row, "duty_id": name, "declared": None if text is None or text["state"] == "open" else text}
