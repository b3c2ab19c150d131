"""Inputs of briefs: duties, open issues, last contacts, missing card fields, help given, personal days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.duties.period import date_of, day_number
from kqml.events import EventKind
from kqml.grades.customer_card import FilledFields, filled_by_events, filled_by_tables
from kqml.history.known_history import known_history
from kqml.playbook.codes import PERSONAL_DAYS
from kqml.playbook.relationship import CardField
from models.policy.planning.company import Company
from models.policy.planning.offers import stages_given, topic_of

Record = Mapping[str, Any]
PersonalDay = tuple[date, str, str | None]

LAST = 3
"""Contacts told in a brief."""

AHEAD_DAYS = 14
"""Personal days that are told: from the week's Monday on."""

TALKS = (
    EventKind.VISIT,
    EventKind.CALL,
    EventKind.MEETING,
    EventKind.TRAINING,
    EventKind.INBOUND,
    EventKind.HELP_ASKED,
    EventKind.PROBLEM_RAISED,
)
COLUMNS = ("event_id", "account_id", "occurred_at", "known_at", "kind", "sentiment", "attributes")
OPEN_DUTIES = ("promise", "complaint", "inbound", "problems")
PERSONAL = ("birthday", "milestone", "misfortune")


@dataclass(frozen=True)
class BriefInputs:
    """Inputs by account id.

    `musts`, `open`: rows of duties. `talks`: the last contacts. `helped`: how often each help was given. `personal`:
    (day, kind, contact's role). `card`: in the order of the accounts of the log; `account_index`: index in it.
    """

    musts: Mapping[str, Sequence[Record]]
    open: Mapping[str, Sequence[Record]]
    talks: Mapping[str, Sequence[Record]]
    helped: Mapping[str, Mapping[str, int]]
    personal: Mapping[str, Sequence[PersonalDay]]
    card: FilledFields
    account_index: Mapping[str, int]

    def missing(self, account_id: str) -> tuple[CardField, ...]:
        """Return the missing fields of the customer card, largest weight first."""
        return self.card.missing(self.account_index[account_id])


def read_brief_inputs(company: Company, account_ids: Sequence[str], *, personal: bool = True) -> BriefInputs:
    """Return the material of these accounts; only what was known before the cutoff, the tables being of now.

    Without `personal` nothing of birthdays, milestones, misfortunes.
    """
    wanted = pa.array(sorted(set(account_ids)), pa.string())
    duties = _open_duties(company, wanted, personal)
    log = company.dataset.event_log()
    known = known_history(log, company.cutoff, company.dataset.info.first_known)
    fields = company.playbook.card
    now = filled_by_tables(company.dataset.accounts(), company.dataset.contacts(), fields)
    return BriefInputs(
        musts=_grouped([row for row in duties if row["must"]], DUTY),
        open=_grouped(_with_topics(company, [row for row in duties if row["duty"] in OPEN_DUTIES]), DUTY),
        talks=_grouped(_last_talks(company, wanted), TALK),
        helped=stages_given(company),
        personal=_personal(company, duties, wanted) if personal else {},
        card=filled_by_events(known, fields) | now,
        account_index={str(name): index for index, name in enumerate(log.accounts)},
    )


def _open_duties(company: Company, wanted: pa.Array, personal: bool) -> list[Record]:
    """Return the rows of open duties of these accounts, with the duties of personal days where `personal`."""
    table = company.duties
    state, account = (table[name].cast(pa.string()) for name in ("state", "account_id"))
    is_open = pc.is_in(state, value_set=pa.array(["due", "overdue"]))
    rows = table.filter(pc.and_(is_open, pc.is_in(account, value_set=wanted))).to_pylist()
    return [row for row in rows if personal or row["duty"] not in PERSONAL_DAYS]


def _last_talks(company: Company, wanted: pa.Array) -> list[Record]:
    """Return the last talks of each of these accounts in order of time, with their local days and topics."""
    table, log = company.dataset.events(COLUMNS, TALKS), company.dataset.event_log()
    visible = log.visible_before(company.cutoff)[np.isin(log.kind, [kind.number for kind in TALKS])]
    table = table.filter(pc.and_(pa.array(visible), pc.is_in(table["account_id"], value_set=wanted)))
    rows, zone = table.filter(pa.array(_are_last(table["account_id"]))).to_pylist(), company.zone
    return [
        {**row, "topic": topic_of(row.get("attributes")), "day": row["occurred_at"].astimezone(zone).date()}
        for row in rows
    ]


def _are_last(accounts: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return whether each row is one of the last of its account; the rows of an account follow each other."""
    later = accounts.slice(LAST)
    mask = np.ones(len(accounts), dtype=bool)
    mask[: len(later)] = pc.not_equal(accounts.slice(0, len(later)), later)
    return mask


def _with_topics(company: Company, duties: Sequence[Record]) -> list[Record]:
    """Return the duties with the topic of each open promise or complaint."""
    source = company.book.events.source
    events = pa.array([row["event_id"] for row in duties], pa.string())
    indices = pc.index_in(events, value_set=source["event_id"].combine_chunks())
    named = (
        source["attributes"].take(indices).to_pylist() if "attributes" in source.column_names else [None] * len(duties)
    )
    return [{**row, "topic": topic_of(note)} for row, note in zip(duties, named, strict=True)]


DUTY = ("duty", "occasion", "state", "due_by", "topic")
TALK = ("kind", "day", "occurred_at", "known_at", "sentiment", "topic")


def _grouped(rows: Sequence[Record], columns: Sequence[str]) -> dict[str, list[Record]]:
    """Return the rows by account; columns that they lack are left out."""
    result: dict[str, list[Record]] = {}
    for row in rows:
        details = {name: row[name] for name in columns if name in row}
        result.setdefault(row["account_id"], []).append(details)
    return result


def _personal(company: Company, duties: Sequence[Record], wanted: pa.Array) -> dict[str, list[PersonalDay]]:
    """Return upcoming birthdays and due milestones and misfortunes."""
    contacts = company.dataset.contacts()
    roles = dict(zip(contacts["contact_id"], contacts["role"], strict=True)) if "role" in contacts else {}
    result: dict[str, list[PersonalDay]] = {}
    required: dict[tuple[str, str], Record] = {}
    for row in duties:
        if row["duty"] in PERSONAL[1:]:
            required.setdefault((row["account_id"], row["event_id"]), row)
    for row in required.values():
        details = (row["due_by"].date(), row["duty"], _text(roles.get(row["contact_id"])))
        result.setdefault(str(row["account_id"]), []).append(details)
    if "birthday" not in contacts:
        return result
    birthdays = contacts[contacts["account_id"].isin(wanted.to_pylist()) & contacts["birthday"].notna()]
    for contact in birthdays.to_dict("records"):
        day = _next_birthday(contact["birthday"], company.week.first)
        if day is not None:
            result.setdefault(str(contact["account_id"]), []).append((day, "birthday", _text(contact.get("role"))))
    return result


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _next_birthday(text: str, monday: date) -> date | None:
    """Return the day within AHEAD_DAYS from Monday on that is this month and day; the 28th stands in for 29
    February."""
    first = day_number(monday)
    for number in np.arange(first, first + AHEAD_DAYS).tolist():
        day = date_of(number)
        is_eve = text == "02-29" and f"{day:%m-%d}" == "02-28" and (day + timedelta(days=1)).month == 3
        if f"{day:%m-%d}" == text or is_eve:
            return day
    return None
