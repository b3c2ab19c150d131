"""Inputs of briefs: duties, open issues, last contacts, missing card fields, help given, personal days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
    duties = _duties(company, wanted)
    if not personal:
        duties = duties[~duties["duty"].isin(PERSONAL_DAYS)]
    events = _events(company, wanted)
    log = company.dataset.event_log()
    known = known_history(log, company.cutoff, company.dataset.info.first_known)
    fields = company.playbook.card
    now = filled_by_tables(company.dataset.accounts(), company.dataset.contacts(), fields)
    is_open = duties["state"].isin(["due", "overdue"])
    return BriefInputs(
        musts=_grouped(duties[duties["must"] & is_open], DUTY),
        open=_grouped(_with_topics(company, duties[duties["duty"].isin(OPEN_DUTIES) & is_open]), DUTY),
        talks=_grouped(events.groupby("account_id").tail(LAST), TALK),
        helped=stages_given(company),
        personal=_personal(company, duties, wanted) if personal else {},
        card=filled_by_events(known, fields) | now,
        account_index={str(name): index for index, name in enumerate(log.accounts)},
    )


def _duties(company: Company, wanted: pa.Array) -> pd.DataFrame:
    table = company.duties
    retained = table.filter(pc.is_in(table["account_id"].cast(pa.string()), value_set=wanted))
    plain = [pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in retained.schema]
    return pd.DataFrame(retained.cast(pa.schema(plain)).to_pandas())


def _events(company: Company, wanted: pa.Array) -> pd.DataFrame:
    """Return the talks of these accounts in order of time, with their topics."""
    table, log = company.dataset.events(COLUMNS, TALKS), company.dataset.event_log()
    visible = log.visible_before(company.cutoff)[np.isin(log.kind, [kind.number for kind in TALKS])]
    table = table.filter(pc.and_(pa.array(visible), pc.is_in(table["account_id"], value_set=wanted)))
    frame = pd.DataFrame(table.to_pandas()).sort_values(["account_id", "occurred_at"], kind="stable")
    result = frame["attributes"] if "attributes" in frame else pd.Series(None, index=frame.index, dtype=object)
    local = frame["occurred_at"].dt.tz_convert(company.book.events.time_zone)
    return frame.assign(topic=result.astype(object).map(topic_of), day=local.dt.date)


def _with_topics(company: Company, duties: pd.DataFrame) -> pd.DataFrame:
    """Return the duties with the topic of each open promise or complaint."""
    source = company.book.events.source
    indices = pc.index_in(pa.array(duties["event_id"], pa.string()), value_set=source["event_id"].combine_chunks())
    if "attributes" not in source.column_names:
        return duties.assign(topic=None)
    return duties.assign(topic=pd.Series(source["attributes"].take(indices).to_pandas()).map(topic_of).to_numpy())


DUTY = ("duty", "occasion", "state", "due_by", "topic")
TALK = ("kind", "day", "occurred_at", "known_at", "sentiment", "topic")


def _grouped(frame: pd.DataFrame, columns: Sequence[str]) -> dict[str, list[Record]]:
    """Return the rows by account; columns that the frame lacks are left out."""
    names = [name for name in columns if name in frame]
    lists = [_plain(frame[name]) for name in names]
    result: dict[str, list[Record]] = {}
    for account, *values in zip(frame["account_id"].tolist(), *lists, strict=True):
        result.setdefault(account, []).append(dict(zip(names, values, strict=True)))
    return result


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """Return None for a missing value of pandas."""
    return list(column.astype(object).where(column.notna(), None))


def _personal(company: Company, duties: pd.DataFrame, wanted: pa.Array) -> dict[str, list[PersonalDay]]:
    """Return upcoming birthdays and due milestones and misfortunes."""
    contacts = company.dataset.contacts()
    roles = dict(zip(contacts["contact_id"], contacts["role"], strict=True)) if "role" in contacts else {}
    result: dict[str, list[PersonalDay]] = {}
    required = duties[duties["duty"].isin(PERSONAL[1:]) & duties["state"].isin(["due", "overdue"])]
    for row in required.drop_duplicates(["account_id", "event_id"]).to_dict("records"):
        details = (row["due_by"].date(), row["duty"], _text(roles.get(row["contact_id"])))
        result.setdefault(str(row["account_id"]), []).append(details)
    if "birthday" not in contacts:
        return result
    birthdays = contacts[contacts["account_id"].isin(wanted.to_pylist()) & contacts["birthday"].notna()]
    for row in birthdays.to_dict("records"):
        day = _next_birthday(row["birthday"], company.week.first)
        if day is not None:
            result.setdefault(str(row["account_id"]), []).append((day, "birthday", _text(row.get("role"))))
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
