"""`kqml duties`: list the duties of a week and their compliance."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.settings import Settings
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import DatabaseOption, open_database_option, refuse_unclear_source
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.duty_history import DutyHistory
    from serve.usecases.report_duties import ComplianceReport, DutyReport


def run(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder written by `kqml import`.")] = None,
    database: DatabaseOption = None,
    rep: Annotated[str | None, typer.Option(help="Show only duties of this rep.", show_default="all reps")] = None,
    week: Annotated[
        str | None, typer.Option(help="ISO week such as 2024-W07.", show_default="the week after the last record")
    ] = None,
    month: Annotated[str | None, typer.Option(help="Calendar month such as 2024-02, instead of a week.")] = None,
    cutoff: Annotated[
        str | None,
        typer.Option(
            help="Cutoff: a date, or a time with UTC offset.",
            show_default="local midnight of the first day of the period",
        ),
    ] = None,
    compliance: Annotated[
        bool, typer.Option("--compliance", help="Show cadence compliance by rep, tier, channel and month.")
    ] = False,
    months: Annotated[
        int, typer.Option(min=1, max=60, help="Number of months for --compliance, up to the last record.")
    ] = 3,
    out: Annotated[Path | None, typer.Option(help="File for the rows (.parquet or .csv).")] = None,
    playbook: PlaybookFlag = None,
) -> Answer["DutyReport | ComplianceReport"]:
    """List the duties of a week or month: due, done, overdue and waived.

    The playbook defines duties for cadence, festivals, personal days, promises, complaints and reciprocity. Without
    --rep and --out the command prints counts only. With --compliance it reports cadence compliance of past months. With
    --database duties for birthdays are left out, because personal data stay encrypted.

    Example: kqml duties data/world --rep R0001-00 --week 2024-W07
    """
    from kqml.dataset.table_files import check_table_path
    from serve.cli.layouts.duties import show_compliance, show_duties
    from serve.usecases.report_duties import DutyReportRequest, report_compliance, report_duties

    if out is not None:
        check_table_path(out)
    refuse_unclear_source(dataset, database)
    rules = read_playbook_in_force(playbook, context.settings)
    with progress("Reading", None):
        history = _history(dataset, database, context.settings)
    request = DutyReportRequest(history=history, playbook=rules, rep=rep, cutoff=cutoff, out=out)
    with progress("Computing", None):
        if compliance:
            months_kept = report_compliance(request, months)
            return Answer(months_kept, show_compliance(vars(months_kept), context.language))
        result = report_duties(request, week, month)
    return Answer(result, show_duties(vars(result), context.language, history.dataset.info.time_zone))


def _history(folder: Path | None, flag: str | None, settings: Settings) -> "DutyHistory":
    from kqml.dataset.folder import read_dataset
    from serve.usecases.duty_history import DutyHistory, read_duty_history

    if flag is None:
        assert folder is not None
        return DutyHistory(read_dataset(folder))
    with open_database_option(flag, settings) as opened:
        return read_duty_history(opened.database)
