"""`kqml report adoption`: what became of the recommendations of some weeks."""

from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import FLAG, DatabaseOption, open_database_option
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from kqml.contract.adoption import AdoptionReport

WEEK = "ISO week such as 2024-W07."


def adoption(
    context: CommandContext,
    database: DatabaseOption = None,
    first: Annotated[
        str | None, typer.Option("--from", help=f"First week: {WEEK}", show_default="three weeks before the last")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help=f"Last week: {WEEK}", show_default="the current week")
    ] = None,
    rep: Annotated[str | None, typer.Option(help="Report only this rep.", show_default="all reps")] = None,
    playbook: PlaybookFlag = None,
) -> Answer["AdoptionReport"]:
    """Report how many recommended actions were accepted, carried out, verified, overridden or ignored.

    The report has one row per rep, week and action, and lists the overrides with their reasons and with the time until
    which the action is not recommended again.

    Example: kqml report adoption --database --from 2024-W10 --to 2024-W13
    """
    from kqml.duties import week
    from serve.cli.layouts.adoption import show_adoption
    from serve.usecases.plain_values import plain_value
    from serve.usecases.report_adoption import ReportAdoptionRequest, read_adoption

    if database is None:
        raise BadUse("Give the database.", [Fault(FLAG, "is absent", f"add {FLAG}: the report reads stored decisions")])
    request = ReportAdoptionRequest(
        None if first is None else week(first),
        None if last is None else week(last),
        rep,
        read_playbook_in_force(playbook, context.settings),
    )
    with open_database_option(database, context.settings) as opened:
        result = read_adoption(opened.database, request, context.now)
    return Answer(result, show_adoption(plain_value(result), context.language))
