"""Score all accounts of the database and store the scores with their changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.cutoffs import parse_cutoff
from kqml.contract.fields import Count
from kqml.dataset.folder import Dataset
from kqml.errors import BadUse
from kqml.messages import text
from kqml.playbook import Playbook
from kqml.settings import Settings
from models.churn.score_change import ScoreChanges
from models.churn.score_file import ScoreCounts, count_scores, write_scores
from models.churn.scoring import AccountScore
from models.policy.planning.learning import learn_value
from models.registry.versions import find_version
from models.value.at_risk import ExpectedMargins, at_risk
from models.value.margins import margin_rates
from serve.database.dataset_export import snapshot_dataset
from serve.database.engine import Database
from serve.database.scores import ScoringRun, last_run
from serve.security.contact_vault import MaskingVault
from serve.security.objections_and_reviews import objecting_accounts
from serve.usecases.graded_accounts import grade_rows
from serve.usecases.model_registry import registry_client
from serve.usecases.score_dataset import ScoreDatasetResult, scoring_fields
from serve.usecases.scoring_question import (
    ScoringOptions,
    ScoringQuestion,
    read_versions,
    refuse_later_since,
    scoring_question,
)
from serve.usecases.scoring_rows import ScoreAddition, ScoredAccounts, scoring_rows, store_scoring_run
from serve.usecases.withheld_scores import withhold_account_scores, withhold_changes


@dataclass(frozen=True)
class ScoreDatabaseRequest:
    """The rules by which margins are estimated; the file to write too, if any. Without `cutoff`: now; without `since`
    scores are compared with the database's last scoring, if its version still exists; without `since_model` with the
    version that scored then."""

    options: ScoringOptions
    playbook: Playbook
    out: Path | None


@dataclass(frozen=True, kw_only=True)
class ScoreDatabaseResult(ScoreDatasetResult):
    """The same with how many accounts crossed a band, have a value at risk, object to being scored."""

    crossed: Count
    valued: Count
    objecting: Count


def score_database(
    database: Database, request: ScoreDatabaseRequest, settings: Settings, now: int
) -> ScoreDatabaseResult:
    """Score the accounts as one snapshot of the database holds them; store the scores, enqueue a message for each
    account that crossed a band; store the grades by the playbook beside them. Nothing but `out` is written to disk."""
    dataset = snapshot_dataset(database, MaskingVault())
    with database.reading() as connection:
        last, objected = last_run(connection), objecting_accounts(connection)
    since = _since(request.options, last, dataset.info.time_zone, settings)
    question = _question(dataset, request.options, since, settings, now)
    changes = withhold_changes(question.changes(), objected)
    margins, why = _margins(question, request.playbook)
    counts, scores = _score(request, question, objected, margins, changes)
    run = ScoringRun(question.now.cutoff, str(question.versions.number))
    values = [None] * len(scores) if margins is None else at_risk(scores, margins.margin)
    rows = list(scoring_rows(scores, run, now, ScoreAddition(values, since, changes)))
    grades = list(grade_rows(dataset, request.playbook, run.cutoff, objected))
    crossed = store_scoring_run(database, ScoredAccounts(run, rows, grades), dataset.info.time_zone, now)
    fields = scoring_fields(question, counts, request.out, request.options.language)
    fields["warnings"] += [] if why is None else [text(f"commands.score.{why}", request.options.language)]
    valued = sum(value is not None for value in values)
    return ScoreDatabaseResult(**fields, crossed=crossed, valued=valued, objecting=len(objected))


def _since(options: ScoringOptions, last: ScoringRun | None, time_zone: str, settings: Settings) -> ScoringRun | None:
    """Return the scoring to compare with: the one named, else the database's last one if its version still exists."""
    if options.since is None:
        return last if last is not None and _is_registered(last.model, settings) else None
    cutoff = parse_cutoff(options.since, time_zone)
    same = last is not None and last.cutoff == cutoff
    return ScoringRun(cutoff, options.since_model or (last.model if last is not None and same else options.model))


def _is_registered(version: str, settings: Settings) -> bool:
    try:
        find_version(registry_client(settings), version)
    except BadUse:
        return False
    return True


def _question(
    dataset: Dataset, options: ScoringOptions, since: ScoringRun | None, settings: Settings, now: int
) -> ScoringQuestion:
    cutoff = now if options.cutoff is None else parse_cutoff(options.cutoff, dataset.info.time_zone)
    if options.since is not None and since is not None and since.cutoff >= cutoff:
        raise refuse_later_since(options.since)
    versions = read_versions(settings, options, None if since is None else since.model)
    compared = since is not None and since.cutoff <= cutoff
    return scoring_question(dataset, cutoff, since.cutoff if since and compared else None, versions)


def _margins(question: ScoringQuestion, playbook: Playbook) -> tuple[ExpectedMargins | None, str | None]:
    """The expected margins, or the code of why they cannot be estimated."""
    dataset, now, scorer = question.dataset, question.now, question.versions.scorer
    if "amount" not in now.log.values:
        return None, "no_amounts"
    value = learn_value(scorer, dataset, playbook, now.cutoff)
    horizon = scorer.bundle.model.definition.horizon
    return ExpectedMargins(value, now, margin_rates(dataset, playbook), horizon), None


def _score(
    request: ScoreDatabaseRequest,
    question: ScoringQuestion,
    objected: Mapping[str, int],
    margins: ExpectedMargins | None,
    changes: ScoreChanges | None,
) -> tuple[ScoreCounts, list[AccountScore]]:
    scores: list[AccountScore] = []
    zone, language = question.dataset.info.time_zone, request.options.language

    def parts() -> Iterator[Sequence[AccountScore]]:
        for part in question.versions.scorer.stream(question.now, request.options.reasons, margins):
            result = withhold_account_scores(part, objected, zone)
            scores.extend(result)
            yield result

    if request.out is not None:
        return write_scores(request.out, parts(), language, changes), scores
    return count_scores(parts()), scores
