"""Scores of accounts that object: a warning without a number."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kqml.calendar.business_time import moment_of
from kqml.contract.scores import empty_score
from kqml.messages.coded import CodedMessage
from models.churn.score_change import ScoreChanges
from models.churn.scoring import AccountScore
from serve.usecases.request_histories import Histories


def withhold_scores(scored: Sequence[dict[str, Any]], histories: Histories, language: str) -> Sequence[dict[str, Any]]:
    """Return the scores of a request, without numbers for accounts that object."""
    if not histories.objected:
        return scored
    zone = histories.surroundings.time_zone if histories.surroundings else "UTC"
    return [
        {**score, **empty_score(_warning(histories.objected[score["account_id"]], zone).text(language))}
        if score["account_id"] in histories.objected
        else score
        for score in scored
    ]


def withhold_account_scores(
    scores: Sequence[AccountScore], objected: Mapping[str, int], time_zone: str
) -> Sequence[AccountScore]:
    """Return the scores, without numbers for accounts that object (account → since when)."""
    if not objected:
        return scores
    return [
        AccountScore(name, None, None, False, (), (_warning(objected[name], time_zone),))
        if (name := score.account_id) in objected
        else score
        for score in scores
    ]


def withhold_changes(changes: ScoreChanges | None, objected: Mapping[str, int]) -> ScoreChanges | None:
    """Return the changes, unknown for accounts that object."""
    if changes is None or not objected:
        return changes
    gone = np.isin(changes.accounts, list(objected))
    names = ("before", "after", "calendar", "data", "model")
    return replace(changes, **{name: np.where(gone, np.nan, getattr(changes, name)) for name in names})


def _warning(since: int, time_zone: str) -> CodedMessage:
    return CodedMessage("rights.objected", {"since": moment_of(since, time_zone).date().isoformat()})
