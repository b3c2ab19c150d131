"""Read the inputs of duties for some accounts of the database."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, and_, func, or_, select

from kqml.dataset.folder import DatasetInfo
from kqml.dataset.tables import INSTANT, SCHEMAS
from kqml.duties import DutyInputs, duty_inputs
from kqml.duties.inputs import COLUMNS, kinds_needed, with_openings
from kqml.history.account_rollback import CHANGE_COLUMNS, CHANGING, roll_back
from kqml.playbook import Playbook
from serve.database.contacts import Vault
from serve.database.dataset_info import read_info
from serve.database.duty_overrides import read_override_rows
from serve.database.events import COUNTED, unretracted
from serve.database.long_histories import MOST_EVENTS, long_histories
from serve.database.records import parts_of
from serve.database.tables import ACCOUNTS, CONTACTS, EVENTS, REPS
from serve.database.territory import Territory

Row = Mapping[str, Any]
Filters = Mapping[str, Sequence[str]]

PERSON = ("contact_id", "account_id", "birthday")
FILTERS = {"account": ACCOUNTS.c.account_id, "rep": ACCOUNTS.c.owner_rep_id}


def accounts_from(connection: Connection, territory: Territory, filters: Filters, first: str, limit: int) -> list[str]:
    """Return at most `limit` ids of accounts of the territory from `first` on, ascending. `filters`: name of FILTERS →
    values, any of which matches."""
    request = select(ACCOUNTS.c.account_id).where(territory.of_accounts(), ACCOUNTS.c.account_id >= first)
    request = request.where(*(FILTERS[name].in_(values) for name, values in filters.items()))
    return list(connection.execute(request.order_by(ACCOUNTS.c.account_id).limit(limit)).scalars())


class DutyInputReader:
    """Reads the inputs of duties as known before a cutoff; the reps are read once. Without a vault there are no
    birthdays."""

    def __init__(self, connection: Connection, playbook: Playbook, vault: Vault | None, cutoff: int) -> None:
        self._connection, self._vault, self._cutoff = connection, vault, cutoff
        self._known = and_(COUNTED, EVENTS.c.known_at < cutoff)
        self._kinds = [kind.code for kind in kinds_needed(playbook)]
        self._reps = _table("reps", [dict(row) for row in connection.execute(select(REPS)).mappings()])
        self.info: DatasetInfo = read_info(connection)

    def of(self, ids: Sequence[str]) -> DutyInputs:
        """Return the inputs of these accounts; of their events only the kinds that duties need are read."""
        described = select(ACCOUNTS).where(ACCOUNTS.c.described.is_(True))
        accounts = self._rolled_back(_table("accounts", self._rows(described, ACCOUNTS.c.account_id, ids)), ids)
        events = select(*(EVENTS.c[name] for name in COLUMNS)).where(EVENTS.c.kind.in_(self._kinds), self._known)
        return duty_inputs(
            self._opened(accounts),
            self._people(ids),
            self._reps,
            _table("events", self._newest(events, ids), COLUMNS),
            self.info.time_zone,
            [(period.start, period.end) for period in self.info.quiet_periods],
        )

    def override_rows(self, owners: Sequence[str]) -> list[Row]:
        """Return the marks on the duties of these accounts or reps made before the cutoff, the earliest first."""
        return [row for row in read_override_rows(self._connection, owners) if row["known_at"] < self._cutoff]

    def _rolled_back(self, accounts: pa.Table, ids: Sequence[str]) -> pa.Table:
        """The accounts as they stood at the cutoff."""
        changing = EVENTS.c.kind.in_([kind.code for kind in CHANGING])
        later = or_(EVENTS.c.known_at >= self._cutoff, EVENTS.c.occurred_at >= self._cutoff)
        changed = select(EVENTS.c.account_id).where(changing, later).distinct()
        own = sorted({row["account_id"] for row in self._rows(changed, EVENTS.c.account_id, ids)})
        if not own:
            return accounts
        changes = select(*(EVENTS.c[name] for name in CHANGE_COLUMNS)).where(changing)
        ordered = changes.order_by(EVENTS.c.account_id, EVENTS.c.occurred_at, EVENTS.c.event_id)
        return roll_back(accounts, self._rows(ordered, EVENTS.c.account_id, own), self._cutoff, self._last_reps(own))

    def _last_reps(self, ids: Sequence[str]) -> dict[str, str]:
        """The rep of each account's last event that names one."""
        named = select(EVENTS.c.account_id, EVENTS.c.rep_id).where(self._known, EVENTS.c.rep_id.is_not(None))
        return {row["account_id"]: row["rep_id"] for row in self._newest(named, ids)}

    def _opened(self, accounts: pa.Table) -> pa.Table:
        """With the first events of the accounts that have no opening date."""
        if not accounts["opened_on"].null_count:
            return accounts
        unsaid = accounts.filter(accounts["opened_on"].is_null())["account_id"].to_pylist()
        first = select(EVENTS.c.account_id, func.min(EVENTS.c.occurred_at).label("first"))
        first = first.where(self._known, unretracted(unsaid, self._cutoff)).group_by(EVENTS.c.account_id)
        rows = list(self._rows(first, EVENTS.c.account_id, unsaid))
        firsts = pa.Table.from_pylist(rows, schema=pa.schema({"account_id": pa.string(), "first": pa.int64()}))
        return with_openings(accounts, firsts, self.info.time_zone)

    def _people(self, ids: Sequence[str]) -> pa.Table:
        if self._vault is None:
            return _table("contacts", (), PERSON)
        people = select(*(CONTACTS.c[name] for name in PERSON)).where(CONTACTS.c.birthday.is_not(None))
        result = list(self._rows(people, CONTACTS.c.account_id, ids))
        return _table("contacts", self._vault.open(self._connection, result), PERSON)

    def _newest(self, events: Any, ids: Sequence[str]) -> Iterable[Row]:
        """The rows of a query of events, by account and time; of accounts with long histories the newest ones."""
        long = long_histories(self._connection, ids)
        by_time = (EVENTS.c.account_id, EVENTS.c.occurred_at, EVENTS.c.event_id)
        short = [name for name in ids if name not in long]
        yield from self._rows(events.order_by(*by_time), EVENTS.c.account_id, short)
        newest = events.order_by(*(column.desc() for column in by_time)).limit(MOST_EVENTS)
        for name in sorted(long):
            yield from reversed(list(self._rows(newest, EVENTS.c.account_id, [name])))

    def _rows(self, request: Any, account: Any, ids: Sequence[str]) -> Iterable[Row]:
        for part in parts_of(ids):
            for row in self._connection.execute(request.where(account.in_(part))).mappings():
                yield dict(row)


def _table(name: str, rows: Iterable[Row], columns: Sequence[str] = ()) -> pa.Table:
    """The rows as a table of the data contract, with these columns or all."""
    schema = SCHEMAS[name]
    chosen = [field for field in schema if not columns or field.name in columns]
    result = list(rows)
    arrays = [_array([row[field.name] for row in result], field.type) for field in chosen]
    return pa.Table.from_arrays(arrays, schema=pa.schema(chosen))


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.int64()).cast(kind) if kind == INSTANT else pa.array(values, kind)
