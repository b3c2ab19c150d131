"""`kqml plan`: what every account gets in a week, by rep, with briefs, logged so that it can be judged later."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import FLAG, DatabaseOption, open_database_option, refuse_unclear_source
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.plan_week import PlanWeekResult, StoredWeek
    from serve.usecases.planning_request import PlanWeekRequest
    from serve.usecases.report_plan import PlanReport

BY = "command:plan"


def run(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder, made by `kqml import`.")] = None,
    database: DatabaseOption = None,
    week: Annotated[
        str | None,
        typer.Option(
            help="ISO week such as 2024-W07.",
            show_default="the week after the last record; of a database the present one",
        ),
    ] = None,
    rep: Annotated[str | None, typer.Option(help="Only this rep's week.", show_default="everybody")] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write the plan with its briefs to: .xlsx, .csv or .parquet.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the decision log: learned from, then this week is added; a week that it holds is decided "
            "again, compared bit for bit."
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Version or alias of the model.", show_default="champion, where there is one")
    ] = None,
    playbook: PlaybookFlag = None,
) -> Answer["PlanReport"]:
    """Plans a week: what each account gets within its rep's hours, why, what to ask, bring, do.

    Musts come first, then explored actions, then what is worth most: net value where drawn decisions have shown
    effects, else cadence and risk × value; then no effect is claimed.

    With --database everybody's week is kept in the database, where rejections and the drawn decisions of earlier
    weeks are found; a week that it holds is decided again, compared bit for bit. Accounts that object are left out.

    Example: kqml plan data/world --week 2024-W07 --rep R0001-00 --out plan.xlsx
    """
    from kqml.duties import week as week_of
    from serve.cli.layouts.plan import show_plan
    from serve.usecases.plain_values import plain_value
    from serve.usecases.plan_dataset import PlanDatasetRequest, plan_dataset_week
    from serve.usecases.planning_request import PlanWeekRequest, find_planning_model
    from serve.usecases.report_plan import PlanReportRequest, check_plan_path, report_plan

    if out is not None:
        check_plan_path(out)
    if database is not None and log is not None:
        raise BadUse("There is one log.", [Fault("--log", f"{log} stands beside {FLAG}", "the database is the log")])
    refuse_unclear_source(dataset, database)
    rules = read_playbook_in_force(playbook, context.settings)
    planning_model = find_planning_model(context.settings, model)
    period = None if week is None else week_of(week)
    stored, logged = None, None
    with progress("Planning", None):
        if dataset is not None:
            folder = PlanDatasetRequest(
                dataset=dataset, week=period, playbook=rules, model=planning_model, log=log, language=context.language
            )
            in_folder = plan_dataset_week(folder)
            planned, logged = in_folder.planned, in_folder.log
        else:
            wanted = PlanWeekRequest(period, rules, planning_model, BY, context.language)
            in_database, stored = _plan_database(str(database), wanted, context)
            planned = in_database.planned
        request = PlanReportRequest(
            rep=rep, out=out, language=context.language, model=planning_model, log=logged, database=stored
        )
        result = report_plan(planned, request)
    return Answer(result, show_plan(plain_value(result), context.language))


def _plan_database(
    flag: str, request: "PlanWeekRequest", context: CommandContext
) -> "tuple[PlanWeekResult, StoredWeek]":
    """Plan the week and store it, or compare it with what is stored."""
    from serve.usecases.plan_week import plan_week, store_week

    with open_database_option(flag, context.settings) as opened:
        result = plan_week(opened.database, request, context.now)
        assert result is not None
        return result, store_week(opened.database, result, context.now)
