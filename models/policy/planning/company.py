"""The company in a week: accounts, reps and rules at the cutoff of the decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from kqml.calendar.business_time import moment_of
from kqml.calendar.workdays import Workdays, workdays
from kqml.dataset.folder import Dataset
from kqml.duties.engine import duty_request, list_duties
from kqml.duties.inputs import DutyInputs, read_duty_inputs
from kqml.duties.overrides import DutyOverride
from kqml.duties.period import Period, day_number
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS
from kqml.playbook.contact import SeasonRule
from models.policy.allocation.problem import Floats, Indices
from models.policy.planning.pressing_duties import require_pressing

CAPACITIES = ("minutes_per_week", "stops_per_week", "budget_per_week")
"""Columns of reps in the order of the resources of an allocation."""


@dataclass(frozen=True)
class Company:
    """`cutoff`: local midnight of Monday for a plan; later knowledge is not used. `is_running`: the cutoff is
    any instant of the week, so that open issues due soon are required too. Accounts are in the order of the log."""

    dataset: Dataset
    playbook: Playbook
    book: DutyInputs
    week: Period
    cutoff: int
    is_running: bool = False

    @property
    def account_ids(self) -> NDArray[np.object_]:
        return self.book.log.accounts

    @property
    def week_name(self) -> str:
        return self.week.week_name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the company."""
        return ZoneInfo(self.dataset.info.time_zone)

    @property
    def today(self) -> date:
        """The local day of the cutoff."""
        return moment_of(self.cutoff, self.dataset.info.time_zone).date()

    @cached_property
    def calendar(self) -> Workdays:
        return workdays(self.playbook.country)

    @cached_property
    def duties(self) -> pa.Table:
        """The duties due in the week, by `kqml.duties.table.SCHEMA`."""
        table = list_duties(self.book, self.playbook, self.calendar, self.week, self.cutoff)
        return require_pressing(table, self.book, self.cutoff) if self.is_running else table

    @cached_property
    def owner(self) -> Indices:
        """Per account the index of its rep in `rep_ids`, -1 without one."""
        request = duty_request(self.book, self.playbook, self.week, self.cutoff)
        return np.asarray(request.owner(request.last_known_day), dtype=np.int64)

    @property
    def rep_ids(self) -> tuple[str, ...]:
        return tuple(rep.name for rep in self.book.events.reps)

    @cached_property
    def segment(self) -> NDArray[np.object_]:
        result = pd.Series(self._segments_of_log, index=self.dataset.event_log().accounts, dtype=object)
        return np.asarray(result.reindex(self.account_ids).to_numpy(), dtype=object)

    def segment_of(self, log_place: int) -> str | None:
        """Return the segment of the account at an index of the event log."""
        return self._segments_of_log[log_place]

    @cached_property
    def _segments_of_log(self) -> list[str | None]:
        accounts = self.dataset.accounts()
        result = accounts.get("segment", pd.Series(None, index=accounts.index, dtype=object)).astype(object)
        return list(result.where(result.notna(), None))

    @cached_property
    def seasons(self) -> tuple[str, ...]:
        """The playbook's seasons in which the week's Monday lies."""
        return tuple(season.name for season in self.playbook.seasons if _within(season, self.week.first))


def read_company(
    dataset: Dataset,
    playbook: Playbook,
    week: Period,
    declared: tuple[DutyOverride, ...] = (),
    cutoff: int | None = None,
) -> Company:
    """Return the company of a dataset in a week; `declared`: duties marked manually; `cutoff`: an instant of the
    running week, None for Monday's local midnight."""
    book = read_duty_inputs(dataset, playbook, declared)
    if cutoff is None:
        return Company(dataset, playbook, book, week, week.instants(dataset.info.time_zone)[0])
    return Company(dataset, playbook, book, week, cutoff, is_running=True)


def _within(season: SeasonRule, day: date) -> bool:
    now = f"{day:%m-%d}"
    if season.start <= season.end:
        return season.start <= now <= season.end
    return now >= season.start or now <= season.end


def capacities(company: Company, since: date | None = None) -> Floats:
    """Return R × (minutes, stops, money) of each rep's week: the table's numbers, else the playbook's, in proportion to
    the working days on which the rep is present, from the day `since` on where it is given."""
    usual = [float(getattr(company.playbook.rep, name)) for name in CAPACITIES]
    own = {row["rep_id"]: row for row in company.dataset.table("reps").to_pylist()}
    rows = [_capacity(own.get(rep, {}), usual) for rep in company.rep_ids]
    whole = np.array(rows, dtype=np.float64).reshape(len(rows), len(CAPACITIES))
    return whole * _there(company, since or company.week.first)[:, None]


def _capacity(row: Mapping[str, Any], usual: Sequence[float]) -> list[float]:
    values = (row.get(name) for name in CAPACITIES)
    return [number if value is None else value for value, number in zip(values, usual, strict=True)]


def _there(company: Company, since: date) -> Floats:
    """R: the share of the week's working days (of all its days where none is one) on which the rep is present, counted
    from the day `since` on."""
    week = company.week
    working = company.calendar.between(week.first, week.last)
    days = np.arange(day_number(week.first), day_number(week.last) + 1)
    days = days[working] if working.any() else days
    ahead = days >= day_number(since)
    return np.array(
        [float((rep.employed_on(days) & ~rep.absent(days) & ahead).mean()) for rep in company.book.events.reps]
    )


def earlier_compliance(company: Company, months: int = 3) -> Floats:
    """Return R × channels: the share of the due cadence that each rep fulfilled in the months before, at most 1."""
    from kqml.duties.compliance import compliance
    from kqml.duties.period import month_before

    named, result = company.week.first, []
    for _ in range(months):
        named = month_before(named)
        result.append(named)
    table = compliance(company.book, company.playbook, company.calendar, result, company.cutoff).to_pandas()
    sums = table.groupby(["rep_id", "channel"])[["met", "target"]].sum()
    share = (sums["met"] / sums["target"].where(sums["target"] > 0)).unstack("channel")
    match = share.reindex(index=list(company.rep_ids), columns=list(CHANNELS))
    usual = table.groupby("channel")[["met", "target"]].sum()
    whole = (usual["met"] / usual["target"].where(usual["target"] > 0)).reindex(list(CHANNELS))
    return np.asarray(match.fillna(whole).fillna(0.0).clip(0.0, 1.0), dtype=np.float64).reshape(-1, len(CHANNELS))


def next_week(day: date) -> Period:
    """Return the week after that of a day."""
    return week_period(day + timedelta(days=7))


def week_period(day: date) -> Period:
    """Return the week of a day."""
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=6))
