"""Report the duties of a week or a month, and how far the cadence was kept over months."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from features.cutoffs import parse_cutoff
from kqml.calendar.business_time import local_midnight, moment_of
from kqml.calendar.workdays import workdays
from kqml.contract.duties import Certainty, ComplianceRow, DutyCount, DutyRow
from kqml.contract.fields import Moment, PlaybookVersion
from kqml.dataset.table_files import write_table
from kqml.duties import DutyInputs, Period, compliance
from kqml.duties.period import month as month_of
from kqml.duties.period import month_before, week_name
from kqml.duties.period import week as week_of
from kqml.errors import BadUse, Fault, Refused
from kqml.playbook import Playbook
from serve.usecases.duty_history import DutyHistory
from serve.usecases.list_duties import ListDutiesRequest, list_duties, of_reps


@dataclass(frozen=True, kw_only=True)
class DutyReportRequest:
    """Whose duties, by which rules, as known before which cutoff (None: the start of the period; of compliance local
    midnight after the last record). `rep`: None for everybody; `out`: the file to write the rows to, if any."""

    history: DutyHistory
    playbook: Playbook
    rep: str | None
    cutoff: str | None
    out: Path | None


@dataclass(frozen=True, kw_only=True)
class DutyReport:
    """The duties of a week or a month; the other one is None. `rows`: of the rep asked for, None without one or where
    they were written to `out`."""

    playbook: PlaybookVersion
    country: str
    rep: str | None
    out: str | None
    week: str | None
    month: str | None
    cutoff: Moment
    certainty: Certainty
    summary: list[DutyCount]
    rows: list[DutyRow] | None


@dataclass(frozen=True, kw_only=True)
class ComplianceReport:
    """How far the cadence was kept in some months."""

    playbook: PlaybookVersion
    country: str
    rep: str | None
    out: str | None
    months: list[str]
    cutoff: Moment
    rows: list[ComplianceRow]


def report_duties(request: DutyReportRequest, week: str | None = None, month: str | None = None) -> DutyReport:
    """Report the duties of a week or a month, by default of the week after the last record; write them to `out`."""
    inputs, rules = request.history.inputs(request.playbook), request.playbook
    zone = inputs.events.time_zone
    period = _period(inputs, week, month)
    cutoff = period.instants(zone)[0] if request.cutoff is None else parse_cutoff(request.cutoff, zone)
    known = _known(request, inputs, cutoff)
    reps = () if request.rep is None else (request.rep,)
    table = list_duties(known, ListDutiesRequest(playbook=rules, period=period, cutoff=cutoff, reps=reps))
    if request.out is not None:
        write_table(request.out, table)
    is_week = (period.last - period.first).days == 6
    return DutyReport(
        **_fields(request),
        week=period.week_name if is_week else None,
        month=None if is_week else f"{period.first:%Y-%m}",
        cutoff=moment_of(cutoff, zone).isoformat(),
        certainty=workdays(rules.country).certainty(period.last.year),
        summary=_summary(table),
        rows=cast(list[DutyRow], _rows(table)) if request.rep is not None and request.out is None else None,
    )


def report_compliance(request: DutyReportRequest, months: int) -> ComplianceReport:
    """Report how far the cadence was kept in so many months up to the cutoff; write the rows to `out`."""
    inputs, rules = request.history.inputs(request.playbook), request.playbook
    zone = inputs.events.time_zone
    cutoff = _after_the_last(inputs) if request.cutoff is None else parse_cutoff(request.cutoff, zone)
    chosen = latest_months(cutoff, zone, months)
    known = _known(request, inputs, cutoff)
    table = compliance(known, rules, workdays(rules.country), chosen, cutoff)
    table = table if request.rep is None else of_reps(table, [request.rep])
    if request.out is not None:
        write_table(request.out, table)
    return ComplianceReport(
        **_fields(request),
        months=[f"{month:%Y-%m}" for month in chosen],
        cutoff=moment_of(cutoff, zone).isoformat(),
        rows=compliance_rows(table),
    )


def latest_months(cutoff: int, zone: str, count: int) -> list[date]:
    """Return the first days of the months up to the cutoff's, the earliest first."""
    months = [moment_of(cutoff - 1, zone).date().replace(day=1)]
    while len(months) < count:
        months.insert(0, month_before(months[0]))
    return months


def compliance_rows(table: pa.Table) -> list[ComplianceRow]:
    """Return the rows of a table of compliance."""
    return cast(list[ComplianceRow], _rows(table))


def _known(request: DutyReportRequest, inputs: DutyInputs, cutoff: int) -> DutyInputs:
    """Return the inputs as known before the cutoff, read again only where something became known later. Raises BadUse
    where the rep is unknown."""
    if (inputs.log.known_at >= cutoff).any():
        inputs = request.history.inputs_at(request.playbook, cutoff)
    if request.rep is not None and request.rep not in {rep.name for rep in inputs.events.reps}:
        fault = Fault("--rep", f"{request.rep!r} does not occur in the data", "give the id of a rep in the data")
        raise BadUse("The rep does not exist.", [fault])
    return inputs


def _fields(request: DutyReportRequest) -> dict[str, Any]:
    """Return what every report says."""
    return {
        "playbook": request.playbook.version,
        "country": request.playbook.country,
        "rep": request.rep,
        "out": None if request.out is None else str(request.out),
    }


def _period(inputs: DutyInputs, week: str | None, month: str | None) -> Period:
    if week is not None and month is not None:
        fault = Fault("--month", f"{month} conflicts with --week {week}", "leave one out")
        raise BadUse("Give a week or a month, not both.", [fault])
    if month is not None:
        return month_of(month)
    if week is not None:
        return week_of(week)
    last = moment_of(_after_the_last(inputs), inputs.events.time_zone).date()
    return week_of(week_name(last + timedelta(days=-last.weekday() % 7)))


def _after_the_last(inputs: DutyInputs) -> int:
    """Return local midnight after the last record. Raises Refused where there is none."""
    known = inputs.log.known_at
    if not len(known):
        fault = Fault("events", "no event is of a kind that duties use", "import contacts, promises, complaints")
        raise Refused("The data contain no events for duties.", [fault])
    zone = inputs.events.time_zone
    return local_midnight(moment_of(int(known.max()), zone).date() + timedelta(days=1), zone)


def _summary(table: pa.Table) -> list[DutyCount]:
    keys = ("duty", "channel", "state")
    words = pa.table({name: table[name].cast(pa.string()) for name in keys})
    counts = words.group_by(list(keys)).aggregate([([], "count_all")]).sort_by([(key, "ascending") for key in keys])
    return cast(list[DutyCount], counts.rename_columns([*keys, "rows"]).to_pylist())


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    return [
        {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in row.items()}
        for row in table.to_pylist()
    ]
