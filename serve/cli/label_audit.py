"""`kqml label-audit`: whether the churn definition fits the history, before anything is learned from it."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.settings import read_settings
from serve.cli.chart_files import chart_files
from serve.cli.churn_options import (
    ActiveWithin,
    ChurnFlags,
    ChurnOptions,
    Every,
    Gap,
    Horizon,
    MinOrders,
    PersonalK,
    Start,
)
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit, progress

if TYPE_CHECKING:
    from models.churn.label_audit.report import LabelAudit


class ChartFormat(StrEnum):
    """The kinds of chart files."""

    SVG = "svg"
    PNG = "png"


def run(  # noqa: PLR0913 - the flags of one command
    dataset: Annotated[Path, typer.Argument(help="Dataset folder, made by `kqml import`.")],
    horizon: Horizon = None,
    gap: Gap = None,
    every: Every = None,
    start: Start = None,
    min_orders: MinOrders = None,
    active_within: ActiveWithin = None,
    personal_k: PersonalK = None,
    charts: Annotated[Path | None, typer.Option(help="Folder to write the charts to; without it none are.")] = None,
    chart_format: Annotated[ChartFormat, typer.Option("--format", help="Kind of chart files.")] = ChartFormat.SVG,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows what a churn definition makes of a history: rates by window and gap, returns, groups, holidays, advice.

    Exits with 1 and says what is missing where there is too little to learn from.

    Example: kqml label-audit data/iowa --gap 28 --horizon 90 --charts audit --json
    """
    settings = read_settings()
    flags = ChurnFlags(horizon, gap, every, start, min_orders, active_within, personal_k)
    speech = chosen_language(language, settings.language)
    with progress("Auditing labels", None):
        audit = _audit(dataset, flags.asked(settings.churn))
        randomised = _draw(audit, charts, chart_format.value, speech) if charts else None
    _answer(audit, randomised, speech, as_json)


def _audit(folder: Path, options: ChurnOptions) -> "LabelAudit":
    from features.context import context_of
    from features.labels import label_lag_days
    from kqml.dataset.folder import read_dataset
    from models.churn.label_audit.report import audit_labels

    dataset = read_dataset(folder)
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    lag = label_lag_days(dataset.info, log)
    return audit_labels(log, context, options.definition, options.cutoffs(log, context, lag), lag)


def _draw(audit: "LabelAudit", folder: Path, file_format: str, language: str) -> dict[str, Any]:
    from models.churn.charts.drawing import write_pictures
    from models.churn.charts.label_audit import audit_pictures

    pictures, lettering = audit_pictures(audit, language, file_format)
    files = write_pictures(pictures, folder, file_format)
    return chart_files(files, lettering, language)


def _answer(audit: "LabelAudit", randomised: dict[str, Any] | None, language: str, as_json: bool) -> None:
    from models.churn.label_audit.report import audit_json
    from serve.cli.label_audit_tables import print_audit

    result = {**audit_json(audit, language), "charts": randomised}
    emit(result, as_json, lambda console: print_audit(console, audit, randomised, language))
