"""Stored scores: all of every run, the newest of each account, and what changed them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from serve.database.records import parts_of
from serve.database.tables import LATEST_SCORES, SCORES
from serve.database.territory import Territory
from serve.database.upserting import upsert

Row = Mapping[str, Any]
SHORT = ("account_id", "cutoff", "model", "scored_at", "churn_probability", "band", "value_at_risk")
CHANGE = ("change_calendar", "change_data", "change_model")


@dataclass(frozen=True)
class ScoringRun:
    """One scoring of all accounts: its cutoff and the version of the model."""

    cutoff: int
    model: str


@dataclass(frozen=True)
class Crossing:
    """An account whose newest score is in another band than the one before."""

    account_id: str
    before: str | None
    after: str | None
    churn_probability: float | None


def last_run(connection: Connection) -> ScoringRun | None:
    """Return the newest scoring; None where there is none."""
    newest = select(SCORES.c.cutoff, SCORES.c.model).order_by(SCORES.c.cutoff.desc(), SCORES.c.scored_at.desc())
    result = connection.execute(newest.limit(1)).first()
    return None if result is None else ScoringRun(result.cutoff, result.model)


def record_scores(connection: Connection, rows: Sequence[Row]) -> list[Crossing]:
    """Store scores and update the newest ones; return the accounts whose band changed.

    A row has the columns of `scores` without `before_…`, which are looked up. The parts of a change are stored where
    the score before is of the run that they start from (`before_cutoff`, `before_model` of the row); the rest of the
    difference, from corrected account data, counts as data. A score of a run that is stored already is replaced: its
    score before stays.
    """
    before = _latest(connection, [row["account_id"] for row in rows])
    replaced = _replaced(connection, [row for row in rows if _is_same_run(row, before.get(row["account_id"]))])
    retained = [_with_change(*_compared(row, before.get(row["account_id"]), replaced)) for row in rows]
    upsert(connection, SCORES, retained)
    newest = [row for row in retained if _is_newest(row, before.get(row["account_id"]))]
    upsert(connection, LATEST_SCORES, [{name: row[name] for name in SHORT} for row in newest])
    return [crossing for row in newest if (crossing := _crossing(row, before.get(row["account_id"])))]


def _latest(connection: Connection, ids: Sequence[str]) -> dict[str, Row]:
    result: dict[str, Row] = {}
    for part in parts_of(ids):
        request = select(LATEST_SCORES).where(LATEST_SCORES.c.account_id.in_(part))
        result |= {row["account_id"]: dict(row) for row in connection.execute(request).mappings()}
    return result


def _is_newest(row: Row, before: Row | None) -> bool:
    return before is None or row["cutoff"] >= before["cutoff"]


def _is_same_run(row: Row, before: Row | None) -> bool:
    return before is not None and (row["cutoff"], row["model"]) == (before["cutoff"], before["model"])


def _replaced(connection: Connection, rows: Sequence[Row]) -> dict[str, Row]:
    """The stored scores that these rows replace, by account."""
    result: dict[str, Row] = {}
    for cutoff, model in {(row["cutoff"], row["model"]) for row in rows}:
        ids = [row["account_id"] for row in rows if (row["cutoff"], row["model"]) == (cutoff, model)]
        for part in parts_of(ids):
            request = select(SCORES).where(SCORES.c.cutoff == cutoff, SCORES.c.model == model)
            request = request.where(SCORES.c.account_id.in_(part))
            result |= {row["account_id"]: dict(row) for row in connection.execute(request).mappings()}
    return result


def _compared(row: Row, before: Row | None, replaced: Mapping[str, Row]) -> tuple[Row, Row | None]:
    """The row with the parts of its change, and the score before it."""
    old = replaced.get(row["account_id"])
    if old is None:
        return row, before
    if old["before_cutoff"] is None:
        return row, None
    earlier = {name: old[f"before_{name}"] for name in ("cutoff", "model")}
    parts = {name: old[name] for name in ("before_cutoff", "before_model", *CHANGE)}
    return {**row, **parts}, {**earlier, "churn_probability": old["before_probability"]}


def _with_change(row: Row, before: Row | None) -> dict[str, Any]:
    if before is None or row["cutoff"] < before["cutoff"]:
        return {**row, "before_probability": None, "before_cutoff": None, "before_model": None, **dict.fromkeys(CHANGE)}
    result = (row["before_cutoff"], row["before_model"]) == (before["cutoff"], before["model"])
    was, now = before["churn_probability"], row["churn_probability"]
    change: dict[str, Any] = dict.fromkeys(CHANGE)
    if result and was is not None and now is not None and row["change_data"] is not None:
        change = {name: row[name] for name in CHANGE}
        change["change_data"] = now - was - change["change_calendar"] - change["change_model"]
    known = {"before_cutoff": before["cutoff"], "before_model": before["model"], "before_probability": was}
    return {**row, **known, **change}


def _crossing(row: Row, before: Row | None) -> Crossing | None:
    was = None if before is None else before["band"]
    if was == row["band"]:
        return None
    return Crossing(row["account_id"], was, row["band"], row["churn_probability"])


def list_scores(
    connection: Connection, account_id: str, territory: Territory, limit: int, before: tuple[int, str] | None = None
) -> list[Row]:
    """Return at most `limit` stored scores of an account, the newest first, from the one behind `before` (cutoff,
    model) on."""
    request = select(SCORES).where(SCORES.c.account_id == account_id, territory.of("scores"))
    request = request.order_by(SCORES.c.cutoff.desc(), SCORES.c.model.desc()).limit(limit)
    if before is not None:
        cutoff, model = before
        earlier = (SCORES.c.cutoff < cutoff) | ((SCORES.c.cutoff == cutoff) & (SCORES.c.model < model))
        request = request.where(earlier)
    return [dict(row) for row in connection.execute(request).mappings()]
