"""Objections to automated recommendations and requests for review, in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Select, insert, select, tuple_, update

from serve.database.tables import ACCOUNTS, DECISIONS, REVIEWS, SCORES
from serve.database.territory import Territory

Row = Mapping[str, Any]
LATEST = 10


@dataclass(frozen=True)
class ReviewSubject:
    """What to review, who requests it."""

    account_id: str
    decision_id: str | None
    note: str | None
    asked_by: str


def set_objection(connection: Connection, account_id: str, at: int | None) -> int | None:
    """Store an objection, or its withdrawal (None); return since when it stands. The first of several counts."""
    stored: int | None = connection.execute(
        select(ACCOUNTS.c.objected_at).where(ACCOUNTS.c.account_id == account_id).with_for_update()
    ).scalar_one()
    since = at if at is None or stored is None else stored
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == account_id).values(objected_at=since))
    return since


def find_objection(connection: Connection, account_id: str) -> int | None:
    """Return since when an objection stands; None where there is none."""
    request = select(ACCOUNTS.c.objected_at).where(ACCOUNTS.c.account_id == account_id)
    result: int | None = connection.execute(request).scalar_one()
    return result


def objecting_accounts(connection: Connection, before: int | None = None) -> dict[str, int]:
    """Return the accounts that object with the instants since when; with `before` those that objected earlier."""
    request = select(ACCOUNTS.c.account_id, ACCOUNTS.c.objected_at).where(ACCOUNTS.c.objected_at.is_not(None))
    if before is not None:
        request = request.where(ACCOUNTS.c.objected_at < before)
    return dict(connection.execute(request).tuples().all())


def newest_score(connection: Connection, account_id: str) -> Row | None:
    """Return the newest stored score of an account; None where there is none."""
    newest = (SCORES.c.cutoff.desc(), SCORES.c.scored_at.desc())
    request = select(SCORES).where(SCORES.c.account_id == account_id).order_by(*newest).limit(1)
    return _first(connection, request)


def latest_decisions(connection: Connection, account_id: str) -> Sequence[Row]:
    """Return the latest decisions about an account, the newest first."""
    newest = (DECISIONS.c.cutoff.desc(), DECISIONS.c.decision_id)
    request = select(DECISIONS).where(DECISIONS.c.account_id == account_id).order_by(*newest).limit(LATEST)
    return [dict(row) for row in connection.execute(request).mappings()]


def is_decision_of(connection: Connection, decision_id: str, account_id: str) -> bool:
    """Return whether the decision is about the account."""
    request = select(DECISIONS.c.account_id).where(DECISIONS.c.decision_id == decision_id)
    return connection.execute(request).scalar_one_or_none() == account_id


def add_review(connection: Connection, asking: ReviewSubject, now: int) -> Row:
    """Add a review to the queue and return its row."""
    row = {
        "review_id": uuid4().hex,
        "account_id": asking.account_id,
        "decision_id": asking.decision_id,
        "asked_at": now,
        "asked_by": asking.asked_by,
        "note": asking.note,
        "resolved_at": None,
        "resolved_by": None,
        "answer": None,
    }
    connection.execute(insert(REVIEWS).values(**row))
    return row


def read_review(connection: Connection, review_id: str, territory: Territory) -> Row | None:
    """Return a review of the territory, locked until the transaction ends; None where there is none."""
    request = select(REVIEWS).where(REVIEWS.c.review_id == review_id, territory.of("reviews")).with_for_update()
    return _first(connection, request)


def answer_review(connection: Connection, review: Row, answer: str, by: str, now: int) -> Row:
    """Store the answer and return the row of the review."""
    resolved = {"resolved_at": now, "resolved_by": by, "answer": answer}
    connection.execute(update(REVIEWS).where(REVIEWS.c.review_id == review["review_id"]).values(**resolved))
    return {**review, **resolved}


def list_reviews(
    connection: Connection, territory: Territory, only_open: bool, limit: int, after: tuple[int, str] | None
) -> Sequence[Row]:
    """Return reviews of the territory, the oldest first, from the one behind `after` (time, id) on."""
    sort_key = (REVIEWS.c.asked_at, REVIEWS.c.review_id)
    request = select(REVIEWS).where(territory.of("reviews")).order_by(*sort_key).limit(limit)
    if only_open:
        request = request.where(REVIEWS.c.resolved_at.is_(None))
    if after is not None:
        request = request.where(tuple_(*sort_key) > after)
    return [dict(row) for row in connection.execute(request).mappings()]


def latest_reviews(connection: Connection, account_id: str) -> Sequence[Row]:
    """Return the latest reviews of an account, the newest first."""
    newest = (REVIEWS.c.asked_at.desc(), REVIEWS.c.review_id)
    request = select(REVIEWS).where(REVIEWS.c.account_id == account_id).order_by(*newest).limit(LATEST)
    return [dict(row) for row in connection.execute(request).mappings()]


def _first(connection: Connection, request: Select[Any]) -> Row | None:
    row = connection.execute(request).mappings().first()
    return None if row is None else dict(row)
