"""`kqml duties`: what the playbook owes every account in a week, how far it was kept."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.errors import BadUse, Fault
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import DatabaseOption, open_source
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    import pyarrow as pa

    from kqml.calendar.workdays import Workdays
    from kqml.duties import DutyInputs, Period
    from kqml.playbook import Playbook


def run(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder, made by `kqml import`.")] = None,
    database: DatabaseOption = None,
    rep: Annotated[str | None, typer.Option(help="Only what this rep owes.", show_default="everybody")] = None,
    week: Annotated[
        str | None, typer.Option(help="ISO week such as 2024-W07.", show_default="the week after the last record")
    ] = None,
    month: Annotated[str | None, typer.Option(help="A calendar month such as 2024-02 instead of a week.")] = None,
    cutoff: Annotated[
        str | None,
        typer.Option(help="A date or an instant with offset.", show_default="local midnight of its first day"),
    ] = None,
    compliance: Annotated[
        bool, typer.Option("--compliance", help="How far the cadence was kept: per rep, tier, channel, month.")
    ] = False,
    months: Annotated[int, typer.Option(min=1, max=60, help="Months of --compliance, up to the last record.")] = 3,
    out: Annotated[Path | None, typer.Option(help="File to write the rows to: .parquet or .csv.")] = None,
    playbook: PlaybookFlag = None,
) -> Answer[Any]:
    """Lists what is due, by when, done, overdue or waived in a week or a month.

    Cadence, festivals, personal days, promises, complaints, give and take, by the playbook.
    Without --rep and --out only the counts are told. With --compliance the past months instead. With --database of what
    the database holds, without birthdays: contacts stay sealed.

    Example: kqml duties data/world --rep R0001-00 --week 2024-W07
    """
    from kqml.calendar.workdays import workdays
    from kqml.dataset.table_files import check_table_path, write_table
    from kqml.duties import read_duty_inputs
    from serve.cli.layouts.duties import show_compliance, show_duties

    if out is not None:
        check_table_path(out)
    settings, language = context.settings, context.language
    rules = read_playbook_in_force(playbook, settings)
    with progress("Reading", None), open_source(dataset, database, settings) as source:
        data, declared = source.dataset, source.declared()
        book = read_duty_inputs(data, rules, declared)
        period = None if compliance else _period(book, week, month)
        at = _cutoff(book, cutoff, period)
        if (book.log.records.known_at >= at).any():
            book = read_duty_inputs(data.known_before(at), rules, declared)
    _check_rep(book, rep)
    calendar = workdays(rules.country)
    common = {"playbook": rules.version, "country": rules.country, "rep": rep, "out": out and str(out)}
    if period is None:
        table, details = _compliance(book, rules, calendar, (months, at, rep))
        result = {**common, **details, "rows": _rows(table)}
        if out is not None:
            write_table(out, table)
        return Answer(result, show_compliance(result, language))
    table, details = _duties(book, rules, calendar, (period, at, rep))
    if out is not None:
        write_table(out, table)
    rows = _rows(table) if rep is not None and out is None else None
    result = {**common, **details, "summary": _summary(table), "rows": rows}
    return Answer(result, show_duties(result, language, book.log.time_zone))


def _cutoff(book: "DutyInputs", cutoff: str | None, period: "Period | None") -> int:
    """The cutoff given, else the start of the period, else (compliance) local midnight after the last record."""
    from features.cutoffs import parse_cutoff

    zone = book.log.time_zone
    if cutoff is not None:
        return parse_cutoff(cutoff, zone)
    return _after_the_last(book) if period is None else period.instants(zone)[0]


def _duties(
    book: "DutyInputs", rules: "Playbook", calendar: "Workdays", choices: "tuple[Period, int, str | None]"
) -> "tuple[pa.Table, dict[str, Any]]":
    """The duties of a period (choices: period, cutoff, rep), what they were computed for."""
    from kqml.calendar.business_time import moment_of
    from kqml.duties import list_duties

    zone, (period, at, rep) = book.log.time_zone, choices
    with progress("Computing", None):
        table = _of_rep(list_duties(book, rules, calendar, period, at), rep)
    is_week = (period.last - period.first).days == 6
    details = {
        "week": period.week_name if is_week else None,
        "month": None if is_week else f"{period.first:%Y-%m}",
        "cutoff": moment_of(at, zone).isoformat(),
        "certainty": calendar.certainty(period.last.year),
    }
    return table, details


def _compliance(
    book: "DutyInputs", rules: "Playbook", calendar: "Workdays", choices: tuple[int, int, str | None]
) -> "tuple[pa.Table, dict[str, Any]]":
    """The compliance of months (choices: how many, cutoff, rep), what it was computed for."""
    from kqml.calendar.business_time import moment_of
    from kqml.duties import compliance
    from kqml.duties.period import month_before

    zone, (count, at, rep) = book.log.time_zone, choices
    found = [moment_of(at - 1, zone).date().replace(day=1)]
    while len(found) < count:
        found.insert(0, month_before(found[0]))
    with progress("Computing", None):
        table = _of_rep(compliance(book, rules, calendar, found, at), rep)
    return table, {"months": [f"{month:%Y-%m}" for month in found], "cutoff": moment_of(at, zone).isoformat()}


def _period(book: "DutyInputs", week: str | None, month: str | None) -> "Period":
    """The week or the month choices for. Raises BadUse where both are."""
    from kqml.calendar.business_time import moment_of
    from kqml.duties.period import month as month_of
    from kqml.duties.period import week as week_of
    from kqml.duties.period import week_name

    if week is not None and month is not None:
        raise BadUse("There is one period.", [Fault("--month", f"{month} stands beside --week {week}", "give one")])
    if month is not None:
        return month_of(month)
    if week is not None:
        return week_of(week)
    last = moment_of(_after_the_last(book), book.log.time_zone).date()
    return week_of(week_name(last + timedelta(days=-last.weekday() % 7)))


def _after_the_last(book: "DutyInputs") -> int:
    """Local midnight after the last record. Raises Refused where there is none."""
    from kqml.calendar.business_time import local_midnight, moment_of
    from kqml.errors import Refused

    known = book.log.records.known_at
    if not len(known):
        fault = Fault("events", "none is of a kind that duties look at", "import contacts, promises, complaints")
        raise Refused("There is nothing that duties could be computed from.", [fault])
    zone = book.log.time_zone
    return local_midnight(moment_of(int(known.max()), zone).date() + timedelta(days=1), zone)


def _of_rep(table: "pa.Table", rep: str | None) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    return table if rep is None else table.filter(pc.equal(table["rep_id"].cast(pa.string()), rep))


def _summary(table: "pa.Table") -> list[dict[str, Any]]:
    """Rows by duty, channel and state."""
    import pyarrow as pa

    keys = ("duty", "channel", "state")
    words = pa.table({name: table[name].cast(pa.string()) for name in keys})
    counts = words.group_by(list(keys)).aggregate([([], "count_all")]).sort_by([(key, "ascending") for key in keys])
    return list(counts.rename_columns([*keys, "rows"]).to_pylist())


def _rows(table: "pa.Table") -> list[dict[str, Any]]:
    return [
        {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in row.items()}
        for row in table.to_pylist()
    ]


def _check_rep(book: "DutyInputs", rep: str | None) -> None:
    if rep is not None and rep not in {each.name for each in book.log.reps}:
        fault = Fault("--rep", f"{rep!r} is named nowhere", "name a rep of the dataset")
        raise BadUse("There is no such rep.", [fault])
