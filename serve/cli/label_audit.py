"""`kqml label-audit`: check that the churn definition fits the history before training."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.cli.churn_options import ChurnOptions
from serve.cli.command import Answer, CommandContext
from serve.cli.font_notices import font_notices
from serve.cli.output import progress

if TYPE_CHECKING:
    from serve.usecases.audit_labels import LabelAuditResult


class ChartFormat(StrEnum):
    """The kinds of chart files."""

    SVG = "svg"
    PNG = "png"


def run(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder written by `kqml import`.")],
    context: CommandContext,
    churn: ChurnOptions,
    charts: Annotated[Path | None, typer.Option(help="Folder for charts. Without it the command draws none.")] = None,
    chart_format: Annotated[ChartFormat, typer.Option("--format", help="File format of the charts.")] = ChartFormat.SVG,
) -> Answer["LabelAuditResult"]:
    """Audit a churn definition on a dataset: churn rates by window and gap, returns, groups, holidays, advice.

    If the data are insufficient for training, the command states what is missing and exits with 1.

    Example: kqml label-audit data/iowa --gap 28 --horizon 90 --charts audit --json
    """
    from serve.cli.layouts.label_audit import show_audit
    from serve.usecases.audit_labels import LabelAuditRequest, audit_labels
    from serve.usecases.plain_values import plain_value

    request = LabelAuditRequest(
        dataset=dataset,
        churn=churn.request(),
        charts=charts,
        chart_format=chart_format.value,
        language=context.language,
    )
    with progress("Auditing labels", None):
        result = audit_labels(request, context.settings.churn)
    blocks = show_audit(plain_value(result), context.language)
    return Answer(result, blocks, notices=font_notices(result["charts"], context.language))
