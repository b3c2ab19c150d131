"""The rows that a scoring of all accounts adds to the database, with messages about accounts that crossed a band."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from kqml.calendar.business_time import moment_of
from models.churn.score_change import ScoreChanges
from models.churn.scoring import AccountScore, as_record
from serve.database.account_grades import store_grades
from serve.database.engine import Database
from serve.database.scores import CHANGE, ScoringRun, record_scores
from serve.webhooks.message_types import band_crossed
from serve.webhooks.outbox import enqueue

PARTS = ("calendar", "data", "model")


@dataclass(frozen=True)
class ScoredAccounts:
    """The rows that a run stores: scores, grades."""

    run: ScoringRun
    scores: Sequence[Mapping[str, Any]]
    grades: Sequence[Mapping[str, Any]]


def store_scoring_run(database: Database, scored: ScoredAccounts, time_zone: str, now: int) -> int:
    """Store the scores and grades of a run, all or none; return how many accounts crossed a band."""
    run = scored.run
    as_of = moment_of(run.cutoff, time_zone).isoformat()
    with database.writing() as connection:
        crossings = record_scores(connection, scored.scores)
        store_grades(connection, scored.grades, run.cutoff)
        results = [
            band_crossed(crossing.account_id, crossing.before, crossing.after, as_of, run.model)
            for crossing in crossings
        ]
        enqueue(connection, results, now)
    return len(crossings)


@dataclass(frozen=True)
class ScoreAddition:
    """Values at risk and changes of the scores of a run, in their order."""

    at_risk: Sequence[float | None]
    since: ScoringRun | None = None
    changes: ScoreChanges | None = None


def scoring_rows(
    scores: Sequence[AccountScore], run: ScoringRun, now: int, addition: ScoreAddition
) -> Iterator[dict[str, Any]]:
    """Return scores as rows of the database, with the parts of their changes where these were worked out."""
    since, changes = addition.since, addition.changes
    for index, score in enumerate(scores):
        yield {
            **{name: _as_column(value) for name, value in as_record(score).items()},
            "cutoff": run.cutoff,
            "model": run.model,
            "scored_at": now,
            "value_at_risk": addition.at_risk[index],
            "before_cutoff": None if since is None else since.cutoff,
            "before_model": None if since is None else since.model,
            **_change(changes, index),
        }


def _as_column(value: Any) -> Any:
    """A field of a score as its column keeps it: lists as JSON."""
    return orjson.dumps(value).decode() if isinstance(value, list) else value


def _change(changes: ScoreChanges | None, index: int) -> dict[str, float | None]:
    if changes is None or np.isnan(changes.data[index]):
        return dict.fromkeys(CHANGE)
    return {name: float(getattr(changes, part)[index]) for name, part in zip(CHANGE, PARTS, strict=True)}
