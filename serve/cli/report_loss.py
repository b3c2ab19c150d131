"""`kqml report loss`: what churn took in a period, what it is expected to take next."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.errors import BadUse, Fault
from kqml.settings import Settings, read_settings
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit, progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force
from serve.cli.registry import registry_client

if TYPE_CHECKING:
    from kqml.dataset.folder import Dataset
    from models.churn.scoring import Scorer
    from models.value.loss.lost import LossPeriod
    from models.value.loss.report import LossReport

YEAR_DAYS = 365


def run(  # noqa: PLR0913 - the flags of one command
    dataset: Annotated[Path, typer.Argument(help="Dataset folder, made by `kqml import`.")],
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
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Counts the customers lost in a period with what they brought in a year, by tier, region, rep, reason.

    With a model it also says what is expected from the period's end on, and what goes with each loss.

    Example: kqml report loss data/world --from 2024-01-01 --to 2025-01-01 --by tier --by reason
    """
    from kqml.dataset.folder import read_dataset
    from kqml.dataset.table_files import check_table_path
    from serve.cli.report_loss_tables import loss_json, print_losses

    if out is not None:
        check_table_path(out)
    settings = read_settings()
    ways = _ways(by)
    with progress("Reckoning losses", None):
        data = read_dataset(dataset)
        version, scorer = _model(settings, model, playbook)
        report = _report(data, period_of(data, start, end), (settings, playbook), scorer)
        result = loss_json(report, data.info, version, ways)
        result["written"] = None if out is None else _write(out, report, data)
    speech = chosen_language(language, settings.language)
    emit(result, as_json, lambda console: print_losses(console, result, speech))


def period_of(dataset: "Dataset", start: str | None, end: str | None) -> "LossPeriod":
    """The period asked for. Raises BadUse where it is empty or goes beyond the data."""
    from features.cutoffs import default_cutoff, parse_cutoff
    from kqml.calendar.business_time import instant_of, moment_of
    from models.value.loss.lost import LossPeriod

    zone = dataset.info.time_zone
    latest = default_cutoff(dataset.event_log(), zone)
    ends = latest if end is None else parse_cutoff(end, zone)
    year_before = instant_of(moment_of(ends, zone) - timedelta(days=YEAR_DAYS))
    starts = year_before if start is None else parse_cutoff(start, zone)
    faults = []
    if ends > latest:
        last = moment_of(latest, zone).date().isoformat()
        faults.append(Fault("--to", f"{end} is after the data, which end before {last}", f"give {last} or earlier"))
    if starts >= ends:
        faults.append(Fault("--from", f"{start} is not before the end", "give an earlier date"))
    if faults:
        raise BadUse("There is no such period.", faults)
    return LossPeriod(starts, ends)


def _ways(by: list[str] | None) -> tuple[str, ...]:
    from models.value.loss.report import WAYS

    unknown = [way for way in by or () if way not in WAYS]
    if unknown:
        faults = [Fault("--by", f"{way!r} is not known", f"use {', '.join(WAYS)}") for way in unknown]
        raise BadUse("The losses cannot be grouped so.", faults)
    return tuple(way for way in WAYS if not by or way in by)


def _model(
    settings: Settings, wanted: str | None, playbook: str | None
) -> tuple[dict[str, str] | None, "Scorer | None"]:
    """The version asked for, else the champion, else nothing; it speaks by the playbook named, else by its own."""
    from kqml.playbook import read_playbook
    from models.churn.scoring import create_scorer
    from models.registry.versions import champion, find_version, read_bundle

    registry = registry_client(settings)
    if wanted is None and not _has_registry(settings):
        return None, None
    version = champion(registry) if wanted is None else find_version(registry, wanted)
    if version is None:
        return None, None
    rules = None if playbook is None else read_playbook(playbook)
    return {"version": str(version.number), "grade": version.grade}, create_scorer(
        read_bundle(registry, version), rules
    )


def _has_registry(settings: Settings) -> bool:
    """False where the registry is a database file that does not exist yet: asking it would make one."""
    file = settings.registry_uri.removeprefix("sqlite:///")
    return file == settings.registry_uri or Path(file).exists()


def _report(
    dataset: "Dataset", period: "LossPeriod", rules: tuple[Settings, str | None], scorer: "Scorer | None"
) -> "LossReport":
    """The report by the model's own churn definition, so that what was lost and what is expected are one thing."""
    from models.value.loss.report import report_loss
    from serve.cli.churn_options import ChurnFlags

    settings, named = rules
    definition = ChurnFlags().asked(settings.churn).definition if scorer is None else scorer.bundle.model.definition
    margin_rate = read_playbook_in_force(named, settings).margin_rate
    return report_loss(dataset, period, definition, margin_rate, scorer)


def _write(out: Path, report: "LossReport", dataset: "Dataset") -> dict[str, Any]:
    from models.value.loss.loss_file import write_losses

    return {"out": str(out), "rows": write_losses(out, report, dataset.event_log().accounts)}
