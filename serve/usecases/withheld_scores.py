"""Scores of accounts for which an objection stands: nothing but that it does."""

from collections.abc import Sequence
from typing import Any

from kqml.calendar.business_time import moment_of
from kqml.contract.scores import empty_score
from kqml.messages import text
from serve.usecases.request_histories import Histories


def withhold_scores(scored: Sequence[dict[str, Any]], histories: Histories, language: str) -> Sequence[dict[str, Any]]:
    """The scores, without a number for whoever objected to being scored by machine."""
    if not histories.objected:
        return scored
    return [
        _withheld(score, histories, language) if score["account_id"] in histories.objected else score
        for score in scored
    ]


def _withheld(score: dict[str, Any], histories: Histories, language: str) -> dict[str, Any]:
    zone = histories.surroundings.time_zone if histories.surroundings else "UTC"
    day = moment_of(histories.objected[score["account_id"]], zone).date().isoformat()
    warning = text("rights.objected", language, since=day)
    return {**score, **empty_score(warning)}
