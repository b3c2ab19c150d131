"""`kqml days`: show the open actions of a rep's week by day."""

from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import OWN, DatabaseOption, open_database_option
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from kqml.contract.rep_days import RepDays


def run(
    context: CommandContext,
    rep: Annotated[str, typer.Argument(help="Id of the rep.")],
    week: Annotated[
        str | None, typer.Option(help="ISO week such as 2024-W07.", show_default="the current week")
    ] = None,
    database: DatabaseOption = None,
    playbook: PlaybookFlag = None,
) -> Answer["RepDays"]:
    """Show a rep's week by day: open actions in order with times, the way between stores, and what does not fit.

    The days are computed from the decisions in the database as they are now. An appointment made by the rep stays on
    its date, a required action lies on or before its due day, a store keeps its weekdays, its time of day and its
    opening hours. Nothing is saved.

    Example: kqml days R0001-00
    """
    from kqml.duties import week as week_of
    from serve.cli.layouts.days import show_days
    from serve.usecases.refusals import UnknownRecord
    from serve.usecases.schedule_rep_week import schedule_stored_week

    period = None if week is None else week_of(week)
    rules = read_playbook_in_force(playbook, context.settings)
    with open_database_option(database or OWN, context.settings) as opened:
        try:
            result = schedule_stored_week(opened.database, rep, period, rules, context.now)
        except UnknownRecord as error:
            fault = Fault("REP", f"{rep!r} does not occur in the data", "give the id of a rep in the data")
            raise BadUse("The rep does not exist.", [fault]) from error
    return Answer(result, show_days(result, context.language))
