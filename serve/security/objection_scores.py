"""Nightly scores of accounts for which an objection stands: nothing but that it does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kqml.calendar.business_time import moment_of
from kqml.messages import text
from models.churn.score_change import ScoreChanges
from models.churn.scoring import AccountScore


def withheld_scores(
    scores: Sequence[AccountScore], objected: Mapping[str, int], time_zone: str, language: str
) -> Sequence[AccountScore]:
    """The scores, without a number for whoever objects (account → since when)."""
    if not objected:
        return scores
    return [
        AccountScore(score.account_id, None, None, False, (), (_says(objected[score.account_id], time_zone, language),))
        if score.account_id in objected
        else score
        for score in scores
    ]


def withheld_changes(changes: ScoreChanges | None, objected: Mapping[str, int]) -> ScoreChanges | None:
    """The changes, unknown for whoever objects."""
    if changes is None or not objected:
        return changes
    gone = np.isin(changes.accounts, list(objected))
    names = ("before", "after", "calendar", "data", "model")
    return replace(changes, **{name: np.where(gone, np.nan, getattr(changes, name)) for name in names})


def _says(since: int, time_zone: str, language: str) -> str:
    return text("rights.objected", language, since=moment_of(since, time_zone).date().isoformat())
