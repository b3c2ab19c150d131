"""Exercise the rights of people against automated decisions (PIPL art. 24): explanation, objection, review."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

from kqml.contract.fields import field_names
from kqml.contract.rights import ExplainedDecision, Explanation, Objection, Review
from kqml.messages import catalogue
from serve.database.territory import Territory
from serve.security import objections_and_reviews as stored
from serve.security.callers import Caller
from serve.security.objections_and_reviews import ReviewSubject
from serve.usecases.database_access import Transaction
from serve.usecases.refusals import RequestFault, StateConflict, UnknownRecord, refuse
from serve.usecases.stored_rows import ContractPage, contract_fields, contract_page
from serve.usecases.stored_scores import full_score

Row = Mapping[str, Any]
REVIEW = field_names(Review)


@dataclass(frozen=True)
class ReviewRequest:
    """An account, or one decision about it, that a person shall review."""

    account_id: str
    decision_id: str | None
    note: str | None
    caller: Caller


@dataclass(frozen=True)
class ListReviewsRequest:
    """Reviews of accounts of a territory. `after`: time and id of the last review of the page before."""

    territory: Territory
    only_open: bool
    limit: int
    after: tuple[int, str] | None


def explain_account(transaction: Transaction, account_id: str, territory: Territory, language: str) -> Explanation:
    """Return the newest score of an account with its reasons, its latest decisions and reviews, how both are made.

    Raises UnknownRecord.
    """
    connection, zone = transaction.connection, transaction.time_zone
    transaction.require_account(account_id, territory)
    newest = stored.newest_score(connection, account_id)
    return Explanation(
        account_id=account_id,
        objected_at=_moment(stored.find_objection(connection, account_id), zone),
        statement=list(catalogue("rights", language)["statement"].values()),
        score=None if newest is None else full_score(dict(newest), zone, language),
        decisions=[_decision(row, zone) for row in stored.latest_decisions(connection, account_id)],
        reviews=[_review(row, zone) for row in stored.latest_reviews(connection, account_id)],
    )


def set_objection(transaction: Transaction, account_id: str, territory: Territory, at: int | None) -> Objection:
    """Record an objection against automated recommendations, or withdraw it (`at` None). Raises UnknownRecord."""
    transaction.require_account(account_id, territory)
    since = stored.set_objection(transaction.connection, account_id, at)
    return Objection(account_id=account_id, objected_at=_moment(since, transaction.time_zone))


def request_review(transaction: Transaction, request: ReviewRequest, now: int) -> Review:
    """Add a review to the queue. Raises UnknownRecord, FaultyRequest where the decision is not about the account."""
    connection, decision = transaction.connection, request.decision_id
    transaction.require_account(request.account_id, request.caller.territory)
    if decision is not None and not stored.is_decision_of(connection, decision, request.account_id):
        refuse([RequestFault(("decision_id",), f"decision {decision!r} about this account does not exist")])
    subject = ReviewSubject(request.account_id, decision, request.note, request.caller.name)
    return _review(stored.add_review(connection, subject, now), transaction.time_zone)


def list_reviews(transaction: Transaction, request: ListReviewsRequest) -> ContractPage[Review]:
    """Return one page of reviews, the oldest first."""
    limit, zone = request.limit, transaction.time_zone
    rows = stored.list_reviews(transaction.connection, request.territory, request.only_open, limit + 1, request.after)
    return contract_page(rows, limit, ("asked_at", "review_id"), lambda row: _review(row, zone))


def answer_review(transaction: Transaction, review_id: str, answer: str, caller: Caller, now: int) -> Review:
    """Record the answer of a review. Raises UnknownRecord, StateConflict where it has one already."""
    review = stored.read_review(transaction.connection, review_id, caller.territory)
    if review is None:
        raise UnknownRecord("review", review_id)
    if review["resolved_at"] is not None:
        raise StateConflict("The review already has an answer.")
    row = stored.answer_review(transaction.connection, review, answer, caller.name, now)
    return _review(row, transaction.time_zone)


def _review(row: Row, zone: str) -> Review:
    moments = {name: _moment(row[name], zone) for name in ("asked_at", "resolved_at")}
    return cast(Review, {**{name: row[name] for name in REVIEW}, **moments})


def _decision(row: Row, zone: str) -> ExplainedDecision:
    return ExplainedDecision(
        decision_id=row["decision_id"],
        week=row["week"],
        decided_at=_moment(row["recorded_at"], zone),
        action=row["assigned"],
        policy=row["policy"],
        playbook=row["playbook"],
        model=row["model"],
        eligible=orjson.loads(row["eligible"]),
        blocked=orjson.loads(row["blocked"]),
        by_chance=row["explored"],
    )


def _moment(instant: int | None, zone: str) -> Any:
    return contract_fields({"at": instant}, ["at"], zone)["at"]
