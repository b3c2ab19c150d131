"""Report the adoption of recommendations: accepted, done, verified, overridden, ignored, by rep, week and action."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any, cast

from kqml.calendar.business_time import DAY_US, moment_of
from kqml.contract.adoption import AdoptionCounts, AdoptionReport, AdoptionRow, Override
from kqml.duties import Period
from kqml.errors import BadUse, Fault
from kqml.playbook import Playbook
from models.policy.allocation.problem import WAIT
from models.policy.planning.company import week_period
from serve.database.adoption import rejections_since, states_of_weeks
from serve.database.dataset_info import read_info
from serve.database.decisions import EVENT_RETRACTED, OPEN
from serve.database.engine import Database
from serve.database.plans import is_rep
from serve.database.territory import EVERYWHERE, Territory
from serve.usecases.database_access import Transaction
from serve.usecases.refusals import UnknownRecord

WEEKS = 4
"""Weeks of the report by default, the present one included."""

MOST_WEEKS = 53
MOST_OVERRIDES = 500
FATES = ("done", "overridden", "failed", "ignored", "open", "withdrawn")
"""What became of a recommended action; each has exactly one."""

COUNTS = ("recommended", "accepted", "verified", *FATES)


@dataclass(frozen=True)
class ReportAdoptionRequest:
    """The first and the last week (None: the last WEEKS weeks), whose decisions (None: of all reps), by which rules, in
    which territory."""

    first: Period | None
    last: Period | None
    rep_id: str | None
    playbook: Playbook
    territory: Territory = EVERYWHERE


@dataclass(frozen=True)
class Followed:
    """A recommended action and what became of it. `states`: state, action, reason, instant of each state."""

    decision_id: str
    account_id: str
    rep_id: str | None
    week: str
    action: str
    states: Sequence[tuple[str, str | None, str | None, int]]

    @property
    def carried_out(self) -> tuple[str, str | None, str | None, int] | None:
        """The state `done`, unless its contact was retracted since; None without one."""
        result = None
        for state in self.states:
            result = state if state[0] == "done" else None if state[2] == EVENT_RETRACTED else result
        return result

    @property
    def rejection(self) -> tuple[str, str | None, str | None, int] | None:
        """The state `rejected`; None without one."""
        return next((state for state in self.states if state[0] == "rejected"), None)

    @property
    def other_action(self) -> str | None:
        """The action that was carried out instead; None where none was."""
        done = self.carried_out
        return None if done is None or done[1] in (None, self.action) else done[1]

    def fate(self, is_over: bool) -> str:
        """Return one of FATES."""
        last = next(state for state, *_ in reversed(self.states) if state != "outcome")
        if self.carried_out is not None:
            return "done" if self.other_action is None else "overridden"
        if last == "rejected":
            return "overridden"
        return ("ignored" if is_over else "open") if last in OPEN else last


def read_adoption(database: Database, request: ReportAdoptionRequest, now: int) -> AdoptionReport:
    """Return the report from one snapshot of the database. Raises BadUse also for an unknown rep."""
    with database.snapshot() as connection:
        transaction = Transaction(connection, read_info(connection).time_zone)
        try:
            return report_adoption(transaction, request, now)
        except UnknownRecord as error:
            fault = Fault("--rep", str(error), "give the id of a rep in the database")
            raise BadUse("The rep does not exist.", [fault]) from None


def report_adoption(transaction: Transaction, request: ReportAdoptionRequest, now: int) -> AdoptionReport:
    """Return the adoption of the recommendations of some weeks.

    Raises UnknownRecord for a rep outside the territory, BadUse where the weeks are in the wrong order or too many.
    """
    connection, zone = transaction.connection, transaction.time_zone
    if request.rep_id is not None and not is_rep(connection, request.rep_id, request.territory):
        raise UnknownRecord("rep", request.rep_id)
    first, last = _weeks(request, now, zone)
    names = [week.week_name for week in _each_week(first, last)]
    over = {week.week_name for week in _each_week(first, last) if week.instants(zone)[1] <= now}
    rows = states_of_weeks(connection, names, request.territory, request.rep_id)
    wait = request.playbook.action_names[WAIT]
    followed = [each for each in _followed(rows) if each.action != wait]
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for each in followed:
        counts[each.rep_id or "", each.week, each.action].update(_counted(each, each.week in over))
    overrides = _overrides(transaction, followed, request.playbook, now)
    return AdoptionReport(
        from_week=first.week_name,
        to_week=last.week_name,
        as_of=moment_of(now, zone).isoformat(),
        totals=_shown(sum(counts.values(), Counter())),
        rows=[
            cast(AdoptionRow, {"rep_id": rep or None, "week": week, "action": action, **_shown(counter)})
            for (rep, week, action), counter in sorted(counts.items())
        ],
        overrides=overrides[:MOST_OVERRIDES],
    )


def _weeks(request: ReportAdoptionRequest, now: int, zone: str) -> tuple[Period, Period]:
    last = request.last or week_period(moment_of(now, zone).date())
    first = request.first or week_period(last.first - timedelta(days=7 * (WEEKS - 1)))
    count = (last.first - first.first).days // 7 + 1
    if not 1 <= count <= MOST_WEEKS:
        message = f"from {first.week_name} to {last.week_name} are {count} weeks"
        raise BadUse("The weeks are not valid.", [Fault("weeks", message, f"give 1 to {MOST_WEEKS} weeks")])
    return first, last


def _each_week(first: Period, last: Period) -> Iterator[Period]:
    for number in range((last.first - first.first).days // 7 + 1):
        yield week_period(first.first + timedelta(days=7 * number))


def _followed(rows: Sequence[Any]) -> Iterator[Followed]:
    for key, states in groupby(rows, lambda row: tuple(row[:5])):
        decision_id, account_id, rep_id, week, action = key
        yield Followed(decision_id, account_id, rep_id, week, action, [tuple(row[5:]) for row in states])


def _counted(each: Followed, is_over: bool) -> list[str]:
    """Return the COUNTS that an action adds one to."""
    seen, fate = {state for state, *_ in each.states}, each.fate(is_over)
    accepted = bool(seen & {"accepted", "scheduled"}) or fate == "done"
    verified = "verified" in seen and fate == "done"
    return ["recommended", fate, *(["accepted"] if accepted else []), *(["verified"] if verified else [])]


def _shown(counter: Mapping[str, int]) -> AdoptionCounts:
    counts = {name: counter.get(name, 0) for name in COUNTS}
    settled = counts["recommended"] - counts["open"] - counts["withdrawn"]
    return cast(AdoptionCounts, {**counts, "rate": counts["done"] / settled if settled else None})


def _overrides(transaction: Transaction, followed: Sequence[Followed], playbook: Playbook, now: int) -> list[Override]:
    """Return the overrides among recommended actions, the newest first."""
    overridden = [each for each in followed if each.rejection is not None or each.other_action is not None]
    expiry = _expiries(transaction, sorted({each.account_id for each in overridden}), playbook, now)
    zone, result = transaction.time_zone, []
    for each in overridden:
        state = each.rejection if each.other_action is None else each.carried_out
        assert state is not None
        until = expiry.get((each.account_id, each.action))
        override = Override(
            decision_id=each.decision_id,
            account_id=each.account_id,
            rep_id=each.rep_id,
            week=each.week,
            action=each.action,
            kind="rejected" if each.other_action is None else "other_action",
            instead=each.other_action,
            reason=state[2],
            at=moment_of(state[3], zone).isoformat(),
            expires_at=None if until is None else moment_of(until, zone).isoformat(),
        )
        result.append((state[3], override))
    return [override for _, override in sorted(result, key=lambda pair: (-pair[0], pair[1]["decision_id"]))]


def _expiries(
    transaction: Transaction, accounts: Sequence[str], playbook: Playbook, now: int
) -> dict[tuple[str, str], int]:
    """Return until when each rejected action is not recommended for an account: to the end of the week of its last
    rejection, and for the playbook's suppression days where it was rejected often enough."""
    zone, limits = transaction.time_zone, playbook.limits
    days = round(limits.suppression_days * DAY_US)
    instants: dict[tuple[str, str], list[int]] = defaultdict(list)
    week_start = week_period(moment_of(now, zone).date()).instants(zone)[0]
    for account, action, at in rejections_since(transaction.connection, accounts, min(now - days, week_start)):
        instants[account, action].append(at)
    result = {}
    for key, times in instants.items():
        newest = sorted(times, reverse=True)
        until = week_period(moment_of(newest[0], zone).date()).instants(zone)[1]
        if len(newest) >= limits.suppression_after_rejections:
            until = max(until, newest[limits.suppression_after_rejections - 1] + days)
        if until > now:
            result[key] = until
    return result
