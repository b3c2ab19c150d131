"""`kqml score`: a churn score with reasons for every account of a dataset, written to a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.cli.language import LanguageFlag, spoken
from kqml.cli.output import emit, progress
from kqml.cli.registry import store_of
from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import Settings, read_settings

if TYPE_CHECKING:
    from rich.console import Console

    from kqml.dataset import Dataset
    from models.asked import Asked
    from models.scoring import Scorer


def run(  # noqa: PLR0913 - the flags of one command
    dataset: Annotated[Path, typer.Argument(help="Dataset folder, made by `kqml import`.")],
    out: Annotated[Path, typer.Option(help="File to write: .parquet or .csv.")],
    cutoff: Annotated[
        str | None,
        typer.Option(help="A date or an instant with offset.", show_default="midnight after the last record"),
    ] = None,
    model: Annotated[str, typer.Option(help="Version or alias of the model.")] = "champion",
    reasons: Annotated[int, typer.Option(min=0, max=10, help="Reasons per account.")] = 3,
    since: Annotated[
        str | None, typer.Option(help="Also say why each score changed since this earlier cutoff.")
    ] = None,
    since_model: Annotated[
        str | None, typer.Option(help="The version that scored then.", show_default="the same")
    ] = None,
    playbook: Annotated[
        str | None,
        typer.Option(help="Playbook whose thresholds the reasons speak by.", show_default="the model's own"),
    ] = None,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Scores every account at a cutoff with the champion: probability, band, what we see, what goes with it.

    Example: kqml score data/iowa --out scores.parquet --cutoff 2022-09-01 --since 2022-08-01
    """
    from models.score_file import check_path

    check_path(out)
    settings = read_settings()
    speech = spoken(language, settings.language)
    with progress("Scoring", None):
        question = read_question(dataset, cutoff, since)
        versions = read_versions(settings, model, since_model, playbook)
        result = _write(out, question, versions, speech, reasons)
    emit(result, as_json, lambda console: _print(console, result, speech))


@dataclass(frozen=True)
class Question:
    """A dataset asked about now and, where changes are to be explained, then."""

    dataset: "Dataset"
    now: "Asked"
    then: "Asked | None"


@dataclass(frozen=True)
class Versions:
    """The version that scores, the one that scored then, both ready."""

    number: int
    scorer: "Scorer"
    earlier: "Scorer"


def read_question(folder: Path, cutoff: str | None, since: str | None) -> Question:
    """The dataset at the cutoffs named. Raises BadUse where `since` is not before the cutoff."""
    from features.cutoffs import default_cutoff, parse_cutoff
    from kqml.dataset import read_dataset

    dataset = read_dataset(folder)
    zone, log = dataset.info.time_zone, dataset.event_log()
    now = default_cutoff(log, zone) if cutoff is None else parse_cutoff(cutoff, zone)
    then = None if since is None else parse_cutoff(since, zone)
    if then is not None and then >= now:
        fault = Fault("--since", f"{since} is not before the cutoff", "give an earlier date")
        raise BadUse("There is no change to explain.", [fault])
    return Question(dataset, asked_of(dataset, now), None if then is None else asked_of(dataset, then))


def asked_of(dataset: "Dataset", cutoff: int) -> "Asked":
    """Every account of a dataset at a cutoff, compared with each other."""
    import numpy as np

    from features.context import context_of
    from features.profile import profile_of
    from features.rows import Rows
    from models.asked import Asked

    log = dataset.event_log()
    profile = profile_of(dataset, Rows.grid(log.account_count, np.array([cutoff], dtype=np.int64)))
    words = {str(name): profile[name].tolist() for name in profile}
    return Asked(log, context_of(dataset.info, dataset.accounts(), log), cutoff, words)


def read_versions(settings: Settings, wanted: str, earlier: str | None = None, playbook: str | None = None) -> Versions:
    """The versions named, loaded from the registry. Each counts by the playbook that it was trained with, speaks by the
    one named."""
    from kqml.playbook import read_playbook
    from models.registry.versions import find_version, read_bundle
    from models.scoring import scorer_of

    store = store_of(settings)
    version = find_version(store, wanted)
    speaks = None if playbook is None else read_playbook(playbook)
    scorer = scorer_of(read_bundle(store, version), speaks)
    if earlier is None:
        return Versions(version.number, scorer, scorer)
    then = find_version(store, earlier)
    return Versions(version.number, scorer, scorer_of(read_bundle(store, then)))


def _write(out: Path, question: Question, versions: Versions, language: str, reasons: int) -> dict[str, Any]:
    from kqml.calendar import moment_of
    from models.bands import BANDS
    from models.score_file import write_scores
    from models.why_changed import why_changed

    now, then, scorer = question.now, question.then, versions.scorer
    changes = None if then is None else why_changed(versions.earlier, then, scorer, now)
    tally = write_scores(out, scorer.stream(now, language, reasons), language, changes)
    info = question.dataset.info
    return {
        "out": str(out),
        "dataset": info.fingerprint,
        "model": {"version": str(versions.number), "grade": scorer.bundle.model.grade},
        "cutoff": moment_of(now.cutoff, info.time_zone).isoformat(),
        "since": None if then is None else moment_of(then.cutoff, info.time_zone).isoformat(),
        "accounts": tally.accounts,
        "eligible": tally.eligible,
        "bands": {band: tally.bands.get(band, 0) for band in BANDS},
        "warnings": list(scorer.warner.warn(now, language).all),
    }


def _print(console: "Console", result: dict[str, Any], language: str) -> None:
    lines = [
        text("commands.score.model", language, cutoff=result["cutoff"], **result["model"]),
        text("commands.score.written", language, **{name: result[name] for name in ("eligible", "accounts", "out")}),
    ]
    for band, count in result["bands"].items():
        lines.append(text("commands.score.band", language, band=text(f"bands.{band}", language), count=count))
    lines += [text("commands.score.warning", language, warning=warning) for warning in result["warnings"]]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
