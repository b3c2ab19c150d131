"""Everything that duties are computed from, as arrays over the accounts of a company."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.calendar.business_time import local_days
from kqml.dataset.folder import Dataset
from kqml.duties.attribute_history import AttributeHistory, attribute_history
from kqml.duties.duty_events import DutyEvents, duty_events, indices_in
from kqml.duties.overrides import DutyOverride
from kqml.duties.reps import reps_of
from kqml.events import KINDS, EventKind
from kqml.history.attributes import CHANGED_COLUMN
from kqml.history.event_log import EventLog
from kqml.playbook import Playbook

COLUMNS = (
    "event_id",
    "account_id",
    "occurred_at",
    "known_at",
    "kind",
    "minutes",
    "amount",
    "rep_id",
    "contact_id",
    "due_at",
    "ref",
    "authenticity",
    "attributes",
)
CHANGES = tuple(kind for kind in CHANGED_COLUMN if kind is not EventKind.CREDIT_CHANGED)
"""Kinds by which the standing of an account changes."""

MATTERS = (
    EventKind.PROMISE_MADE,
    EventKind.PROMISE_KEPT,
    EventKind.COMPLAINT,
    EventKind.COMPLAINT_RESOLVED,
    EventKind.INBOUND,
    EventKind.LIFE_EVENT,
    EventKind.HELP_GIVEN,
    EventKind.HELP_ASKED,
    EventKind.TRAINING,
    EventKind.GIFT,
    EventKind.CONTACT_LEFT,
)


@dataclass(frozen=True)
class DutyInputs:
    """What is known of a company for its duties. `standing`: who looks after which account in which tier since when.
    `contacts`: contact_id, account index, birthday `MM-DD`. `quiet`: half-open pairs of local days since 1970.
    `declared`: what people said of duties, in the order in which they said it."""

    events: DutyEvents
    standing: AttributeHistory
    contacts: pa.Table
    quiet: NDArray[np.int64]
    declared: tuple[DutyOverride, ...] = ()

    @property
    def log(self) -> EventLog:
        return self.events.log


def kinds_needed(playbook: Playbook) -> tuple[EventKind, ...]:
    """The kinds of events that duties look at."""
    counted = {kind for kinds in playbook.counting.kinds.values() for kind in kinds}
    return tuple(kind for kind in KINDS if kind in counted | {*CHANGES, *MATTERS, EventKind.EVENT_RETRACTED})


def read_duty_inputs(dataset: Dataset, playbook: Playbook, declared: tuple[DutyOverride, ...] = ()) -> DutyInputs:
    """The book of a dataset folder; of events it reads only the kinds that are needed."""
    book = duty_inputs(
        _with_first_events(dataset.table("accounts"), dataset),
        dataset.table("contacts"),
        dataset.table("reps"),
        dataset.events(COLUMNS, kinds_needed(playbook)),
        dataset.info.time_zone,
        [(period.start, period.end) for period in dataset.info.quiet_periods],
    )
    return replace(book, declared=declared)


def _with_first_events(accounts: pa.Table, dataset: Dataset) -> pa.Table:
    if "opened_on" in accounts.column_names and not accounts["opened_on"].null_count:
        return accounts
    return with_openings(accounts, _first_events(dataset), dataset.info.time_zone)


def _first_events(dataset: Dataset) -> pa.Table:
    """When the first event of each account that was not retracted happened: account_id, first."""
    if EventKind.EVENT_RETRACTED.code not in dataset.info.kinds_recorded:
        events = dataset.events(("account_id", "occurred_at"))
        firsts = events.group_by("account_id").aggregate([("occurred_at", "min")])
        return firsts.rename_columns(["account_id", "first"])
    log = dataset.event_log().settled()
    some = np.flatnonzero(np.diff(log.offsets))
    return pa.table({"account_id": pa.array(log.accounts[some]), "first": log.occurred_at[log.offsets[some]]})


def with_openings(accounts: pa.Table, firsts: pa.Table, time_zone: str) -> pa.Table:
    """The accounts; those without `opened_on` open with their first event of any kind (`firsts`: account_id, first)."""
    index = pc.index_in(accounts["account_id"], value_set=firsts["account_id"].combine_chunks())
    first = firsts["first"].take(index).cast(pa.int64()).to_pandas()
    days = local_days(first.fillna(0).to_numpy(dtype=np.int64), time_zone).astype(np.int32)
    opened = pa.array(days, pa.int32(), mask=first.isna().to_numpy()).cast(pa.date32())
    if "opened_on" not in accounts.column_names:
        return accounts.append_column("opened_on", opened)
    result = pc.coalesce(accounts["opened_on"], opened)
    return accounts.set_column(accounts.column_names.index("opened_on"), "opened_on", result)


def duty_inputs(
    accounts: pa.Table,
    contacts: pa.Table,
    reps: pa.Table,
    events: pa.Table,
    time_zone: str,
    quiet: list[tuple[str, str]],
) -> DutyInputs:
    """The book of tables with the columns of the data contract; `events` may hold other kinds too."""
    names = _distinct(accounts["account_id"], events["account_id"])
    people = reps_of(reps, _distinct(*_columns(accounts, "owner_rep_id"), *_columns(events, "rep_id")))
    own = duty_events(events, names, people, time_zone)
    days = np.array(quiet, dtype="datetime64[D]").reshape(-1, 2).astype(np.int64)
    return DutyInputs(own, attribute_history(own, accounts), _contacts(contacts, names), days)


def _columns(table: pa.Table, name: str) -> list[pa.ChunkedArray]:
    return [table[name]] if name in table.column_names else []


def _distinct(*columns: pa.ChunkedArray) -> pa.Array:
    parts = [pc.unique(column.cast(pa.string())) for column in columns]
    result = pc.drop_null(pc.unique(pa.concat_arrays(parts))) if parts else pa.array([], pa.string())
    return result.take(pc.sort_indices(result))


def _contacts(contacts: pa.Table, names: pa.Array) -> pa.Table:
    """Contacts with a birthday, the index of their account."""
    if "birthday" not in contacts.column_names:
        fields = {"contact_id": pa.string(), "account": pa.int64(), "birthday": pa.string()}
        return pa.schema(fields).empty_table()
    account = pa.array(indices_in(contacts, "account_id", names))
    result = pa.table({"contact_id": contacts["contact_id"], "account": account, "birthday": contacts["birthday"]})
    return result.filter(pc.and_(pc.is_valid(result["birthday"]), pc.greater_equal(result["account"], 0)))
