"""`kqml plan`: what every account gets in a week, by rep, with briefs, logged so that it can be judged later."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.errors import BadUse, Fault
from kqml.settings import Settings
from serve.cli.administration import now as present
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import FLAG, DatabaseOption, open_database_option, refuse_unclear_source
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from kqml.dataset.folder import Dataset
    from models.policy.planning.plan_week import PlannedWeek
    from serve.cli.plan_result import PlanRules


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
) -> Answer[Any]:
    """Plans a week: what each account gets within its rep's hours, why, what to ask, bring, do.

    Musts come first, then explored actions, then what is worth most: net value where drawn decisions have shown
    effects, else cadence and risk × value; then no effect is claimed.

    With --database everybody's week is kept in the database, where rejections and the drawn decisions of earlier
    weeks are found; a week that it holds is decided again, compared bit for bit. Accounts that object are left out.

    Example: kqml plan data/world --week 2024-W07 --rep R0001-00 --out plan.xlsx
    """
    from models.policy.planning.plan_file import check_plan_path
    from serve.cli.layouts.plan import show_plan
    from serve.cli.plan_result import plan_result, plan_rules

    if out is not None:
        check_plan_path(out)
    if database is not None and log is not None:
        raise BadUse("There is one log.", [Fault("--log", f"{log} stands beside {FLAG}", "the database is the log")])
    refuse_unclear_source(dataset, database)
    settings, speech = context.settings, context.language
    rules = plan_rules(settings, read_playbook_in_force(playbook, settings), model, speech)
    with progress("Planning", None):
        if database is None:
            assert dataset is not None
            planned, details = _plan_folder(dataset, week, rules, log)
        else:
            planned, details = _plan_database(database, week, rules, settings)
        result = plan_result(planned, details, (rep, out), speech)
    return Answer(result, show_plan(result, speech))


def _plan_folder(
    folder: Path, name: str | None, rules: "PlanRules", log: Path | None
) -> "tuple[PlannedWeek, dict[str, Any]]":
    """Plan the week of a name, else the first whole week after the last record."""
    from kqml.dataset.folder import read_dataset
    from kqml.duties import week
    from models.policy.planning.company import week_period
    from serve.cli.plan_result import plan_and_log

    period = None if name is None else week(name)
    dataset = read_dataset(folder)
    return plan_and_log((dataset, period or week_period(_after_the_last(dataset))), rules, log)


def _plan_database(
    flag: str, name: str | None, rules: "PlanRules", settings: Settings
) -> "tuple[PlannedWeek, dict[str, Any]]":
    """Plan the week of a name, else the present one."""
    from kqml.duties import week
    from serve.cli.plan_database import plan_database

    period = None if name is None else week(name)
    with open_database_option(flag, settings) as opened:
        return plan_database(opened.database, period, rules, present())


def _after_the_last(dataset: "Dataset") -> date:
    from datetime import timedelta

    from features.cutoffs import default_cutoff
    from kqml.calendar.business_time import moment_of

    day = moment_of(default_cutoff(dataset.event_log(), dataset.info.time_zone), dataset.info.time_zone).date()
    return day + timedelta(days=-day.weekday() % 7)
