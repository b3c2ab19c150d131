"""Schedule a rep's week: the open decisions by day, in order, as of now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from kqml.calendar.business_time import moment_of
from kqml.calendar.visiting_times import clock_of
from kqml.contract.rep_days import DayContact, DecidedAction, DoneContact, LeftOutContact, OpenContact, RepDay, RepDays
from kqml.dataset import tables
from kqml.duties import Period
from kqml.duties.reps import DutyRep, reps_of
from kqml.playbook import Playbook
from models.policy.planning.company import week_period
from models.policy.planning.pressing_duties import DUTIES as PRESSING
from models.policy.schedule.open_actions import OpenDecision, open_actions
from models.policy.schedule.scheduling import schedule_week
from models.policy.schedule.week_schedule import OpenAction, ScheduledAction, ScheduledDay, WorkingDay
from models.policy.schedule.working_week import RepAvailability, working_days
from serve.database.contacts import roles_of_accounts
from serve.database.dataset_info import read_info
from serve.database.decisions import OPEN
from serve.database.engine import Database
from serve.database.plans import done_in_week, is_rep, objecting_of_rep, week_of_rep
from serve.database.records import read_rows
from serve.database.tables import ACCOUNTS, REPS
from serve.database.territory import EVERYWHERE, Territory
from serve.usecases.database_access import Transaction
from serve.usecases.duty_pages import DutyFilter, duties_of_accounts
from serve.usecases.list_duties import ListDutiesRequest
from serve.usecases.refusals import UnknownRecord
from serve.usecases.track_decisions import stored_receipt

Row = Mapping[str, Any]
WAIT = "wait"


@dataclass(frozen=True, kw_only=True)
class RepDaysRequest:
    """Whose week by which rules. `now`: the instant as of which the days are computed."""

    rep_id: str
    week: Period
    territory: Territory
    playbook: Playbook
    now: int


def schedule_rep_week(transaction: Transaction, request: RepDaysRequest) -> RepDays:
    """Return the week's open decisions by day, with those done and those that no day takes. Raises UnknownRecord.

    Accounts that object to automated recommendations are counted, not listed.
    """
    connection = transaction.connection
    if not is_rep(connection, request.rep_id, request.territory):
        raise UnknownRecord("rep", request.rep_id)
    rows = week_of_rep(connection, request.rep_id, request.week.week_name, request.territory)
    objecting = objecting_of_rep(connection, request.rep_id, request.territory)
    objecting |= {row["account_id"] for row in rows if row["objected_at"] is not None}
    shown = [row for row in rows if row["objected_at"] is None and row["assigned"] != WAIT]
    week = _RepWeek(transaction, request, shown)
    schedule = schedule_week(week.open_contacts(), week.days_left(), request.playbook.workday.km_per_hour)
    return RepDays(
        rep_id=request.rep_id,
        week=request.week.week_name,
        as_of=week.moment.isoformat(),
        playbook=request.playbook.version,
        days=[week.day(whole, schedule.days) for whole in week.all_days()],
        left_out=[LeftOutContact(**week.contact(left.action), why=left.why) for left in schedule.left_out],
        objected=len(objecting),
    )


def schedule_stored_week(database: Database, rep_id: str, week: Period | None, playbook: Playbook, now: int) -> RepDays:
    """Return the same for a week of any rep of the database, None for the present one. Raises UnknownRecord."""
    with database.snapshot() as connection:
        transaction = Transaction(connection, read_info(connection).time_zone)
        period = week or week_period(moment_of(now, transaction.time_zone).date())
        request = RepDaysRequest(rep_id=rep_id, week=period, territory=EVERYWHERE, playbook=playbook, now=now)
        return schedule_rep_week(transaction, request)


class _RepWeek:
    """The decisions of a rep's week with what their days depend on."""

    def __init__(self, transaction: Transaction, request: RepDaysRequest, rows: Sequence[Row]) -> None:
        connection = transaction.connection
        self._request, self._zone = request, transaction.time_zone
        self._rows = {row["decision_id"]: row for row in rows}
        done = done_in_week(connection, request.rep_id, request.week.week_name)
        self._open = [row for row in rows if row["state"] in OPEN]
        open_ids = {row["decision_id"] for row in self._open}
        self._done = {name: at for name, at in done.items() if name in self._rows.keys() - open_ids}
        ids = sorted({row["account_id"] for row in self._open})
        self._accounts = read_rows(connection, ACCOUNTS, ids)
        self._roles = roles_of_accounts(connection, ids)
        self._due = _due_days(transaction, request, self._open)
        rep = read_rows(connection, REPS, [request.rep_id]).get(request.rep_id)
        self._rep, self._minutes_per_week = _rep(rep, request.rep_id)

    @property
    def moment(self) -> datetime:
        """The local time as of which the week is scheduled."""
        return moment_of(self._request.now, self._zone)

    def open_contacts(self) -> list[OpenAction]:
        """The contacts of the open decisions, those with the highest scores first."""
        ordered = sorted(self._open, key=lambda row: (-_score(row), row["account_id"], row["decision_id"]))
        return [contact for row in ordered for contact in open_actions(self._decision(row), self._request.playbook)]

    def days_left(self) -> list[WorkingDay]:
        """The days from today on, without the minutes of what is done."""
        rules = {rule.name: rule.minutes for rule in self._request.playbook.actions}
        done: dict[date, float] = {}
        for name, at in self._done.items():
            day = moment_of(at, self._zone).date()
            done[day] = done.get(day, 0.0) + rules.get(self._rows[name]["assigned"], 0.0)
        clock = self.moment
        today, minute = clock.date(), clock.hour * 60 + clock.minute + (clock.second > 0)
        return self._days(RepAvailability(self._rep, self._minutes_per_week, done), today, minute)

    def all_days(self) -> list[WorkingDay]:
        """The seven days of the week with all their minutes."""
        return self._days(RepAvailability(self._rep, self._minutes_per_week), self._request.week.first, 0)

    def day(self, whole: WorkingDay, scheduled: Sequence[ScheduledDay]) -> RepDay:
        """Return a day with what is open and what was done on it."""
        done = [self._done_contact(name) for name in self._done_on(whole.day)]
        left = next((day for day in scheduled if day.day.day == whole.day), ScheduledDay(whole))
        rules = {rule.name: rule.minutes for rule in self._request.playbook.actions}
        return RepDay(
            date=whole.day.isoformat(),
            working=not whole.is_off,
            absent=whole.absent,
            minutes=round(whole.minutes, 1),
            used=round(left.used + sum(rules.get(contact["action"], 0.0) for contact in done), 1),
            km=None if left.km is None else round(left.km, 1),
            actions=[self._day_contact(action) for action in left.actions],
            done=done,
        )

    def contact(self, action: OpenAction) -> OpenContact:
        """Return what is known of an open contact."""
        row = self._rows[action.action_id]
        return OpenContact(
            **_named(row),
            must=bool(row["must"]),
            due=None if action.due is None else action.due.isoformat(),
            part=action.part,
            parts=action.parts,
        )

    def _days(self, availability: RepAvailability, today: date, minute: int) -> list[WorkingDay]:
        return working_days(availability, self._request.week, self._request.playbook, today, minute)

    def _decision(self, row: Row) -> OpenDecision:
        scheduled = moment_of(row["at"], self._zone) if row["state"] == "scheduled" else None
        if scheduled is not None and scheduled.date() < self.moment.date():
            scheduled = None
        return OpenDecision(
            decision_id=row["decision_id"],
            action=row["assigned"],
            account=self._accounts.get(row["account_id"], {}),
            roles=tuple(self._roles.get(row["account_id"], ())),
            required=bool(row["must"]),
            due=self._due.get(row["account_id"]) if row["must"] else None,
            day=None if scheduled is None else scheduled.date(),
            minute=None if scheduled is None else scheduled.hour * 60 + scheduled.minute,
        )

    def _day_contact(self, scheduled: ScheduledAction) -> DayContact:
        action = scheduled.action
        return DayContact(
            **self.contact(action),
            start=clock_of(scheduled.start),
            end=clock_of(scheduled.end),
            minutes=round(action.minutes, 1),
            route=action.route,
            flags=list(scheduled.flags),
        )

    def _done_on(self, day: date) -> list[str]:
        on = [name for name, at in self._done.items() if moment_of(at, self._zone).date() == day]
        return sorted(on, key=lambda name: (self._done[name], name))

    def _done_contact(self, name: str) -> DoneContact:
        return DoneContact(**_named(self._rows[name]), at=moment_of(self._done[name], self._zone).isoformat())


def _named(row: Row) -> DecidedAction:
    return DecidedAction(
        decision_id=row["decision_id"],
        account_id=row["account_id"],
        account_name=row["account_name"],
        tier=row["tier"],
        action=row["assigned"],
        state=row["state"],
    )


def _score(row: Row) -> float:
    """The score that the action ranked by; 0 where the receipt has none."""
    ranks = (stored_receipt(row) or {}).get("actions")
    rank = ranks.get(row["assigned"]) if isinstance(ranks, dict) else None
    score = rank.get("score") if isinstance(rank, dict) else None
    return float(score) if isinstance(score, int | float) else 0.0


def _rep(row: Row | None, rep_id: str) -> tuple[DutyRep, float | None]:
    """The rep with the minutes of a week; one who is only named elsewhere is always there."""
    columns = {name: [None if row is None else row[name]] for name in tables.REPS.names} | {"rep_id": [rep_id]}
    (rep,) = reps_of(pa.table(columns, schema=tables.REPS), pa.array([], pa.string()))
    return rep, None if row is None else row["minutes_per_week"]


def _due_days(transaction: Transaction, request: RepDaysRequest, rows: Sequence[Row]) -> dict[str, date]:
    """Per account with a required decision the last day of its first duty that is open and cannot wait."""
    accounts = sorted({row["account_id"] for row in rows if row["must"]})
    if not accounts:
        return {}
    cutoff = request.now + 1  # what becomes known at this instant counts
    duties = ListDutiesRequest(playbook=request.playbook, period=request.week, cutoff=cutoff, states=("due", "overdue"))
    due: dict[str, date] = {}
    for duty in _pressing(transaction, DutyFilter(duties, request.territory), accounts):
        local = duty["due_by"].astimezone(moment_of(request.now, transaction.time_zone).tzinfo)
        day = (local - timedelta(microseconds=1)).date()
        due[duty["account_id"]] = min(day, due.get(duty["account_id"], day))
    return due


def _pressing(transaction: Transaction, wanted: DutyFilter, accounts: Sequence[str]) -> Iterator[Row]:
    rows = duties_of_accounts(transaction.connection, wanted, accounts)
    return (row for row in rows.values() if row["must"] or row["duty"] in PRESSING)
