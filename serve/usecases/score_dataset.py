"""Score every account of a dataset folder, written to a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.cutoffs import default_cutoff, parse_cutoff
from kqml.bands import BANDS
from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Count, Fingerprint, Moment
from kqml.contract.scores import BandCounts, ModelRef
from kqml.dataset.folder import read_dataset
from kqml.settings import Settings
from models.churn.score_file import ScoreCounts, write_scores
from serve.usecases.scoring_question import (
    ScoringOptions,
    ScoringQuestion,
    read_versions,
    refuse_later_since,
    scoring_question,
)


@dataclass(frozen=True)
class ScoreDatasetRequest:
    """A dataset folder to score, the .parquet or .csv file to write. Without `cutoff`: local midnight after the last
    record; without `since` no change is explained; without `since_model` the same version scored then."""

    dataset: Path
    options: ScoringOptions
    out: Path


@dataclass(frozen=True, kw_only=True)
class ScoreDatasetResult:
    """A scoring of all accounts. `out`: the file written; `dataset`: its fingerprint; `since`: the cutoff with which
    scores are compared; `bands`: eligible accounts in each."""

    out: str | None
    dataset: Fingerprint
    model: ModelRef
    cutoff: Moment
    since: Moment | None
    accounts: Count
    eligible: Count
    bands: BandCounts
    warnings: list[str]


def score_dataset(request: ScoreDatasetRequest, settings: Settings) -> ScoreDatasetResult:
    """Score a dataset with a version of the registry. Raises BadUse where `since` is not before the cutoff."""
    dataset, options = read_dataset(request.dataset), request.options
    zone, log = dataset.info.time_zone, dataset.event_log()
    cutoff = default_cutoff(log, zone) if options.cutoff is None else parse_cutoff(options.cutoff, zone)
    since = None if options.since is None else parse_cutoff(options.since, zone)
    if options.since is not None and since is not None and since >= cutoff:
        raise refuse_later_since(options.since)
    versions = read_versions(settings, options, options.since_model)
    question = scoring_question(dataset, cutoff, since, versions)
    scores = versions.scorer.stream(question.now, options.reasons)
    counts = write_scores(request.out, scores, options.language, question.changes())
    return ScoreDatasetResult(**scoring_fields(question, counts, request.out, options.language))


def scoring_fields(question: ScoringQuestion, counts: ScoreCounts, out: Path | None, language: str) -> dict[str, Any]:
    """Return the fields of a ScoreDatasetResult."""
    now, then, versions = question.now, question.then, question.versions
    info = question.dataset.info
    return {
        "out": None if out is None else str(out),
        "dataset": info.fingerprint,
        "model": {"version": str(versions.number), "grade": versions.scorer.bundle.model.grade},
        "cutoff": moment_of(now.cutoff, info.time_zone).isoformat(),
        "since": None if then is None else moment_of(then.cutoff, info.time_zone).isoformat(),
        "accounts": counts.accounts,
        "eligible": counts.eligible,
        "bands": {band: counts.bands.get(band, 0) for band in BANDS},
        "warnings": [warning.text(language) for warning in versions.scorer.warner.warn(now).all],
    }
