"""What scoring commands share: who is asked about, by which versions, what is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqml.errors import BadUse, Fault
from kqml.settings import Settings

if TYPE_CHECKING:
    from kqml.dataset.folder import Dataset
    from models.churn.score_file import ScoreCounts
    from models.churn.scoring import Scorer
    from models.churn.scoring_request import ScoringRequest


@dataclass(frozen=True)
class ScoringQuestion:
    """A dataset asked about now and, where changes are to be explained, then."""

    dataset: "Dataset"
    now: "ScoringRequest"
    then: "ScoringRequest | None"


@dataclass(frozen=True)
class Versions:
    """The version that scores, the one that scored then, both ready."""

    number: int
    scorer: "Scorer"
    earlier: "Scorer"


def read_question(dataset: "Dataset", cutoff: str | None, since: str | None) -> ScoringQuestion:
    """The dataset at the cutoffs named. Raises BadUse where `since` is not before the cutoff."""
    from features.cutoffs import default_cutoff, parse_cutoff

    zone, log = dataset.info.time_zone, dataset.event_log()
    now = default_cutoff(log, zone) if cutoff is None else parse_cutoff(cutoff, zone)
    then = None if since is None else parse_cutoff(since, zone)
    if then is not None and then >= now:
        fault = Fault("--since", f"{since} is not before the cutoff", "give an earlier date")
        raise BadUse("There is no change to explain.", [fault])
    dataset = dataset.known_before(now)
    return ScoringQuestion(
        dataset, scoring_request(dataset, now), None if then is None else scoring_request(dataset, then)
    )


def scoring_request(dataset: "Dataset", cutoff: int) -> "ScoringRequest":
    """Every account of a dataset at a cutoff, compared with each other."""
    import numpy as np

    from features.context import context_of
    from features.profile import profile_of
    from features.rows import Rows
    from models.churn.scoring_request import ScoringRequest

    log = dataset.event_log()
    profile = profile_of(dataset, Rows.grid(log.account_count, np.array([cutoff], dtype=np.int64)))
    words = {str(name): profile[name].tolist() for name in profile}
    return ScoringRequest(log, context_of(dataset.info, dataset.accounts(), log), cutoff, words)


def read_versions(settings: Settings, wanted: str, earlier: str | None = None, playbook: str | None = None) -> Versions:
    """The versions named, loaded from the registry. Each counts by the playbook that it was trained with, speaks by the
    one named."""
    from kqml.playbook import read_playbook
    from models.churn.scoring import create_scorer
    from models.registry.versions import find_version, read_bundle
    from serve.usecases.model_registry import registry_client

    registry = registry_client(settings)
    version = find_version(registry, wanted)
    speaks = None if playbook is None else read_playbook(playbook)
    scorer = create_scorer(read_bundle(registry, version), speaks)
    if earlier is None:
        return Versions(version.number, scorer, scorer)
    then = find_version(registry, earlier)
    return Versions(version.number, scorer, create_scorer(read_bundle(registry, then)))


def write_answers(
    out: Path, question: ScoringQuestion, versions: Versions, language: str, reasons: int
) -> dict[str, Any]:
    """Scores into a file; what the command answers."""
    from models.churn.score_change import explain_score_changes
    from models.churn.score_file import write_scores

    now, then, scorer = question.now, question.then, versions.scorer
    changes = None if then is None else explain_score_changes(versions.earlier, then, scorer, now)
    tally = write_scores(out, scorer.stream(now, language, reasons), language, changes)
    return read_profile(out, question, versions, tally, language)


def read_profile(
    out: Path | None, question: ScoringQuestion, versions: Versions, tally: "ScoreCounts", language: str
) -> dict[str, Any]:
    """What a scoring command answers."""
    from kqml.bands import BANDS
    from kqml.calendar.business_time import moment_of

    now, then, scorer = question.now, question.then, versions.scorer
    info = question.dataset.info
    return {
        "out": None if out is None else str(out),
        "dataset": info.fingerprint,
        "model": {"version": str(versions.number), "grade": scorer.bundle.model.grade},
        "cutoff": moment_of(now.cutoff, info.time_zone).isoformat(),
        "since": None if then is None else moment_of(then.cutoff, info.time_zone).isoformat(),
        "accounts": tally.accounts,
        "eligible": tally.eligible,
        "bands": {band: tally.bands.get(band, 0) for band in BANDS},
        "warnings": list(scorer.warner.warn(now, language).all),
    }
