"""`kqml score --database`: all accounts of the database scored, the scores kept there with why they moved."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import Settings
from serve.cli.administration import now as present
from serve.cli.database_option import Source
from serve.cli.playbook_option import read_playbook_in_force
from serve.cli.scoring import ScoringQuestion, Versions, read_profile, read_versions, scoring_request

if TYPE_CHECKING:
    from kqml.dataset.folder import Dataset
    from kqml.playbook import Playbook
    from models.churn.score_change import ScoreChanges
    from models.churn.score_file import ScoreCounts
    from models.churn.scoring import AccountScore
    from models.value.at_risk import ExpectedMargins
    from serve.database.scores import ScoringRun


@dataclass(frozen=True)
class NightlyScoreRequest:
    """What the flags ask for."""

    cutoff: str | None
    since: str | None
    model: str
    since_model: str | None
    playbook: str | None
    reasons: int


def score_database(
    source: Source, settings: Settings, requested: NightlyScoreRequest, language: str, out: Path | None
) -> dict[str, Any]:
    """Scores the accounts as they were when the database was read, keeps the scores, writes them to a file where
    asked."""
    from models.churn.score_change import explain_score_changes
    from models.value.at_risk import at_risk
    from serve.database.scores import ScoringRun
    from serve.security.objection_scores import withheld_changes
    from serve.security.objections_and_reviews import objecting_accounts
    from serve.usecases.nightly_scores import ScoreAddition, rows_of, store_scoring_run

    assert source.found is not None
    now, database = present(), source.found.database
    since = _since(source, settings, requested)
    question = _question(source.dataset, requested, since, now)
    versions = read_versions(settings, requested.model, None if since is None else since.model, requested.playbook)
    with database.reading() as connection:
        objected = objecting_accounts(connection)
    changes = None
    if question.then is not None:
        changes = withheld_changes(
            explain_score_changes(versions.earlier, question.then, versions.scorer, question.now), objected
        )
    margins, why = _margins(question, versions, read_playbook_in_force(requested.playbook, settings))
    request = NightlyScoringRequest(question, versions, language, requested.reasons, objected)
    tally, scores = _scored(out, request, margins, changes)
    run = ScoringRun(question.now.cutoff, str(versions.number))
    stakes = [None] * len(scores) if margins is None else at_risk(scores, margins.margin)
    crossed = store_scoring_run(
        database,
        run,
        list(rows_of(scores, run, now, ScoreAddition(stakes, since, changes))),
        question.dataset.info.time_zone,
        now,
    )
    result = read_profile(out, question, versions, tally, language)
    result["warnings"] += [] if why is None else [text(f"commands.score.{why}", language)]
    valued = sum(one is not None for one in stakes)
    return {**result, "crossed": crossed, "valued": valued, "objecting": len(objected)}


@dataclass(frozen=True)
class NightlyScoringRequest:
    """Who is scored by what, in which words, but for whom."""

    question: ScoringQuestion
    versions: Versions
    language: str
    reasons: int
    objected: Mapping[str, int]


def _margins(
    question: ScoringQuestion, versions: Versions, playbook: "Playbook"
) -> "tuple[ExpectedMargins | None, str | None]":
    """What collects the expected margins, or why nothing can be said of them."""
    from models.policy.planning.learning import learn_value
    from models.value.at_risk import ExpectedMargins
    from models.value.margins import margin_rates

    dataset, request, scorer = question.dataset, question.now, versions.scorer
    if "amount" not in request.log.values:
        return None, "no_amounts"
    value = learn_value(scorer, dataset, playbook, request.cutoff)
    horizon = scorer.bundle.model.definition.horizon
    return ExpectedMargins(value, request, margin_rates(dataset, playbook), horizon), None


def _since(source: Source, settings: Settings, request: NightlyScoreRequest) -> "ScoringRun | None":
    """The scoring to compare with: the one named, else the database's last one if its version can still be had."""
    from features.cutoffs import parse_cutoff
    from serve.database.scores import ScoringRun, last_run

    assert source.found is not None
    with source.found.database.reading() as connection:
        last = last_run(connection)
    if request.since is None:
        return last if last is not None and _is_there(settings, last.model) else None
    cutoff = parse_cutoff(request.since, source.dataset.info.time_zone)
    same = last is not None and last.cutoff == cutoff
    return ScoringRun(cutoff, request.since_model or (last.model if last is not None and same else request.model))


def _is_there(settings: Settings, version: str) -> bool:
    from models.registry.versions import find_version
    from serve.usecases.model_registry import registry_client

    try:
        find_version(registry_client(settings), version)
    except BadUse:
        return False
    return True


def _question(
    dataset: "Dataset", request: NightlyScoreRequest, since: "ScoringRun | None", now: int
) -> ScoringQuestion:
    from features.cutoffs import parse_cutoff

    cutoff = now if request.cutoff is None else parse_cutoff(request.cutoff, dataset.info.time_zone)
    if request.since is not None and since is not None and since.cutoff >= cutoff:
        fault = Fault("--since", f"{request.since} is not before the cutoff", "give an earlier date")
        raise BadUse("There is no change to explain.", [fault])
    compared = since is not None and since.cutoff <= cutoff
    dataset = dataset.known_before(cutoff)
    return ScoringQuestion(
        dataset,
        scoring_request(dataset, cutoff),
        scoring_request(dataset, since.cutoff) if since and compared else None,
    )


def _scored(
    out: Path | None, asking: NightlyScoringRequest, margins: "ExpectedMargins | None", changes: "ScoreChanges | None"
) -> "tuple[ScoreCounts, list[AccountScore]]":
    from models.churn.score_file import count_scores, write_scores
    from serve.security.objection_scores import withheld_scores

    retained: list[AccountScore] = []
    question, language = asking.question, asking.language
    zone = question.dataset.info.time_zone

    def noted() -> "Iterator[Sequence[AccountScore]]":
        for part in asking.versions.scorer.stream(question.now, language, asking.reasons, margins):
            result = withheld_scores(part, asking.objected, zone, language)
            retained.extend(result)
            yield result

    if out is not None:
        return write_scores(out, noted(), language, changes), retained
    return count_scores(noted()), retained
