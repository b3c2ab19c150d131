"""`kqml score`: score every account with reasons and write the result."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.messages import text
from kqml.playbook import read_playbook
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import DatabaseOption, open_database_option, refuse_unclear_source
from serve.cli.layout import Line, Words
from serve.cli.output import progress
from serve.cli.playbook_option import read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.score_database import ScoreDatabaseResult
    from serve.usecases.score_dataset import ScoreDatasetResult


def run(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder written by `kqml import`.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File for the scores (.parquet or .csv). Required without --database.", show_default=False),
    ] = None,
    database: DatabaseOption = None,
    cutoff: Annotated[
        str | None,
        typer.Option(
            help="Cutoff: a date, or a time with UTC offset.",
            show_default="midnight after the last record; now with --database",
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="Version number or alias of the model.")] = "champion",
    reasons: Annotated[int, typer.Option(min=0, max=10, help="Number of reasons per account.")] = 3,
    since: Annotated[
        str | None,
        typer.Option(
            help="Explain the change of each score since this earlier cutoff.",
            show_default="of a database its last scoring, else nothing",
        ),
    ] = None,
    since_model: Annotated[
        str | None,
        typer.Option(
            help="Model version of the earlier score.", show_default="the same version; the stored one with --database"
        ),
    ] = None,
    playbook: Annotated[
        str | None,
        typer.Option(help="Playbook with the thresholds for the reasons.", show_default="the playbook of the model"),
    ] = None,
) -> Answer["ScoreDatasetResult | ScoreDatabaseResult"]:
    """Score all accounts and write the result: churn probability, band, symptoms and causes.

    With --database the command scores the accounts of the database and saves the scores there. The API returns them,
    and webhooks report accounts that changed band.

    Example: kqml score data/iowa --out scores.parquet --cutoff 2022-09-01 --since 2022-08-01
    """
    from kqml.dataset.table_files import check_table_path
    from serve.usecases.score_database import ScoreDatabaseRequest, score_database
    from serve.usecases.score_dataset import ScoreDatasetRequest, score_dataset
    from serve.usecases.scoring_question import ScoringOptions

    if out is not None or database is None:
        check_table_path(out or Path())
    refuse_unclear_source(dataset, database)
    settings = context.settings
    options = ScoringOptions(
        cutoff=cutoff,
        since=since,
        model=model,
        since_model=since_model,
        reason_playbook=None if playbook is None else read_playbook(playbook),
        reasons=reasons,
        language=context.language,
    )
    with progress("Scoring", None):
        if database is None:
            assert dataset is not None and out is not None
            result: ScoreDatasetResult = score_dataset(ScoreDatasetRequest(dataset, options, out), settings)
        else:
            request = ScoreDatabaseRequest(options, read_playbook_in_force(playbook, settings), out)
            with open_database_option(database, settings) as opened:
                result = score_database(opened.database, request, settings, context.now)
    return Answer(result, _lines(result, context.language))


def _lines(result: "ScoreDatasetResult", language: str) -> Iterator[Line]:
    from serve.usecases.score_database import ScoreDatabaseResult

    words = Words("commands.score", language)
    counts = {name: getattr(result, name) for name in ("eligible", "accounts", "out")}
    yield words.line("model", cutoff=result.cutoff, **result.model)
    if result.out is not None:
        yield words.line("written", **counts)
    if isinstance(result, ScoreDatabaseResult):
        yield words.line("stored", crossed=result.crossed, **counts)
        if result.objecting:
            yield words.line("objecting", objecting=result.objecting)
    for band, count in result.bands.items():
        yield words.line("band", band=text(f"bands.{band}", language), count=count)
    for warning in result.warnings:
        yield words.line("warning", warning=warning)
