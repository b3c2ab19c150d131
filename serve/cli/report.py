"""`kqml report …`: the grades of the accounts, the losses of a period."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.playbook import read_playbook
from serve.cli.command import Answer, CommandContext
from serve.cli.output import progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.report_grades import GradesResult
    from serve.usecases.report_losses import LossResult

DatasetFolder = Annotated[Path, typer.Argument(help="Dataset folder, made by `kqml import`.")]


def grades(
    dataset: DatasetFolder,
    context: CommandContext,
    account: Annotated[str | None, typer.Option(help="Show this account with all its evidence.")] = None,
    at: Annotated[
        str | None,
        typer.Option(help="A date or an instant with offset.", show_default="midnight after the last record"),
    ] = None,
    quarters: Annotated[int, typer.Option(min=0, max=40, help="Quarters of history.")] = 8,
    playbook: PlaybookFlag = None,
    out: Annotated[Path | None, typer.Option(help="File for all accounts and periods: .parquet or .csv.")] = None,
) -> Answer["GradesResult"]:
    """Grades every account by the playbook as it was known then: depth, relationship, 532 class, credit, overall class.

    With --account: the evidence for its level, the parts of its grades, the statement of its emotional account, what
    is missing on the customer card and worth asking next.

    Example: kqml report grades data/world --account S0000012 --at 2024-10-01
    """
    from kqml.dataset.table_files import check_table_path
    from serve.cli.layouts.grades import show_grades
    from serve.usecases.plain_values import plain_value
    from serve.usecases.report_grades import GradesRequest, report_grades

    if out is not None:
        check_table_path(out)
    rules = read_playbook_in_force(playbook, context.settings)
    request = GradesRequest(dataset=dataset, playbook=rules, account=account, at=at, quarters=quarters, out=out)
    with progress("Grading accounts", None):
        result = report_grades(request)
    return Answer(result, show_grades(plain_value(result), context.language))


def loss(  # noqa: PLR0913 - the flags of one command
    dataset: DatasetFolder,
    context: CommandContext,
    start: Annotated[
        str | None, typer.Option("--from", help="First day.", show_default="a year before the end")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Day after the last one.", show_default="midnight after the last record")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="tier, region, rep or reason; may be given several times.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Version or alias of the model.", show_default="the champion, if there is one")
    ] = None,
    playbook: PlaybookFlag = None,
    out: Annotated[Path | None, typer.Option(help="File for a row per account: .parquet or .csv.")] = None,
) -> Answer["LossResult"]:
    """Counts the customers lost in a period with what they brought in a year, by tier, region, rep, reason.

    With a model it also says what is expected from the period's end on, and what goes with each loss.

    Example: kqml report loss data/world --from 2024-01-01 --to 2025-01-01 --by tier --by reason
    """
    from kqml.dataset.table_files import check_table_path
    from serve.cli.layouts.losses import show_losses
    from serve.usecases.plain_values import plain_value
    from serve.usecases.report_losses import LossRequest, report_losses

    if out is not None:
        check_table_path(out)
    request = LossRequest(
        dataset=dataset,
        start=start,
        end=end,
        by=tuple(by or ()),
        model=model,
        playbook=read_playbook_in_force(playbook, context.settings),
        reason_playbook=None if playbook is None else read_playbook(playbook),
        out=out,
    )
    with progress("Reckoning losses", None):
        result = report_losses(request, context.settings)
    return Answer(result, show_losses(plain_value(result), context.language))
