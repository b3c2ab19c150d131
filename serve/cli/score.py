"""`kqml score`: a churn score with reasons for every account of a dataset, written to a file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from kqml.messages import text
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import DatabaseOption, open_source
from serve.cli.layout import Line, Words
from serve.cli.output import progress
from serve.cli.score_database import NightlyScoreRequest, score_database
from serve.cli.scoring import read_question, read_versions, write_answers


def run(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder, made by `kqml import`.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write: .parquet or .csv. Needed without --database.", show_default=False),
    ] = None,
    database: DatabaseOption = None,
    cutoff: Annotated[
        str | None,
        typer.Option(
            help="A date or an instant with offset.", show_default="midnight after the last record; of a database now"
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="Version or alias of the model.")] = "champion",
    reasons: Annotated[int, typer.Option(min=0, max=10, help="Reasons per account.")] = 3,
    since: Annotated[
        str | None,
        typer.Option(
            help="Also say why each score changed since this earlier cutoff.",
            show_default="of a database its last scoring, else nothing",
        ),
    ] = None,
    since_model: Annotated[
        str | None,
        typer.Option(help="The version that scored then.", show_default="the same; of a database the one that did"),
    ] = None,
    playbook: Annotated[
        str | None,
        typer.Option(help="Playbook whose thresholds the reasons speak by.", show_default="the model's own"),
    ] = None,
) -> Answer[Any]:
    """Scores every account at a cutoff with the champion: probability, band, what we see, what goes with it.

    With --database the accounts are those of the database, which keeps the scores: lists and histories show them, and
    webhooks tell of accounts that crossed a band.

    Example: kqml score data/iowa --out scores.parquet --cutoff 2022-09-01 --since 2022-08-01
    """
    from kqml.dataset.table_files import check_table_path

    if out is not None or database is None:
        check_table_path(out or Path())
    settings, speech = context.settings, context.language
    request = NightlyScoreRequest(cutoff, since, model, since_model, playbook, reasons)
    with progress("Scoring", None), open_source(dataset, database, settings) as source:
        if source.found is None:
            assert out is not None
            question = read_question(source.dataset, cutoff, since)
            versions = read_versions(settings, model, since_model, playbook)
            result = write_answers(out, question, versions, speech, reasons)
        else:
            result = score_database(source, settings, request, speech, out)
    return Answer(result, _lines(result, speech))


def _lines(result: Mapping[str, Any], language: str) -> Iterator[Line]:
    words = Words("commands.score", language)
    counts = {name: result[name] for name in ("eligible", "accounts", "out")}
    yield words.line("model", cutoff=result["cutoff"], **result["model"])
    if result["out"] is not None:
        yield words.line("written", **counts)
    if "crossed" in result:
        yield words.line("stored", crossed=result["crossed"], **counts)
    if result.get("objecting"):
        yield words.line("objecting", objecting=result["objecting"])
    for band, count in result["bands"].items():
        yield words.line("band", band=text(f"bands.{band}", language), count=count)
    for warning in result["warnings"]:
        yield words.line("warning", warning=warning)
