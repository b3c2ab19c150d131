"""What a request for recommendations asks for, as far as it may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from kqml.duties import Period
from serve.database.plans import is_rep, week_of_accounts
from serve.database.records import read_rows
from serve.database.tables import ACCOUNTS
from serve.http.problems import ProblemError, ProblemItem, invalid_request
from serve.http.schemas.recommendations import REPS_PER_REQUEST, RecommendationRequest
from serve.http.weeks import requested_week
from serve.http.writing import Writing

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RecommendationQuery:
    """What a request asks for. `accounts`: rows of those named, by id, None where a rep is asked for."""

    reps: frozenset[str]
    accounts: Mapping[str, Row] | None
    week: Period
    zone: str
    language: str

    @property
    def name(self) -> str:
        return self.week.week_name

    @property
    def cutoff(self) -> int:
        """Monday's local midnight."""
        return self.week.instants(self.zone)[0]

    @property
    def end(self) -> int:
        """The next Monday's."""
        return self.week.instants(self.zone)[1]

    @property
    def rep(self) -> str | None:
        """The rep asked for; None where accounts are."""
        return next(iter(self.reps)) if self.accounts is None else None


def read_query(connection: Connection, writing: Writing, text: RecommendationRequest) -> RecommendationQuery:
    """Raises ProblemError where it names nobody, too many, or those of others."""
    if (text.rep_id is None) == (text.accounts is None):
        raise invalid_request([ProblemItem("#", "exactly one of rep_id and accounts is required")])
    service, territory = writing.service, writing.caller.territory
    zone = service.histories.time_zone(connection)
    week, language = _week(text, writing, zone), text.language or service.language
    if text.rep_id is not None:
        if not is_rep(connection, text.rep_id, territory):
            raise invalid_request([ProblemItem("#/rep_id", f"rep {text.rep_id!r} does not exist")])
        return RecommendationQuery(frozenset([text.rep_id]), None, week, zone, language)
    rows = _rows(connection, writing, text.accounts or [])
    stored = week_of_accounts(connection, list(rows), week.week_name, territory)
    earlier = {row["account_id"]: row["rep_id"] for row in stored}
    reps = {earlier.get(name) or row["owner_rep_id"] for name, row in rows.items() if _may(row)}
    if len(reps - {None}) > REPS_PER_REQUEST:
        message = (
            f"the accounts belong to {len(reps - {None})} reps; at most {REPS_PER_REQUEST} are allowed in a request"
        )
        raise invalid_request([ProblemItem("#/accounts", message)])
    return RecommendationQuery(frozenset(reps - {None}), rows, week, zone, language)


def undecided_reason(account: Row) -> str:
    """Return why nothing was decided for an account in a week in which its rep's was: a code of the catalogue."""
    if account["objected_at"] is not None:
        return "objecting"
    if account["owner_rep_id"] is None:
        return "nobody"
    if account["status"] not in (None, "active"):
        return "closed"
    return "not_then"


def _may(row: Row) -> bool:
    return undecided_reason(row) == "not_then"


def _rows(connection: Connection, writing: Writing, ids: Sequence[str]) -> dict[str, Row]:
    """The accounts in the order asked. Raises ProblemError for those that are not there, stand twice."""
    result = read_rows(connection, ACCOUNTS, ids)
    covers = writing.caller.territory.covers
    faults = [
        ProblemItem(
            f"#/accounts/{place}", f"account {name!r} does not exist" if name not in ids[:place] else "is a duplicate"
        )
        for place, name in enumerate(ids)
        if name not in result or not covers(result[name]["owner_rep_id"]) or name in ids[:place]
    ]
    if faults:
        raise invalid_request(faults)
    return {name: result[name] for name in ids}


def _week(text: RecommendationRequest, writing: Writing, zone: str) -> Period:
    try:
        week = requested_week(text.week, writing.now, zone)
    except ProblemError as problem:
        raise invalid_request([ProblemItem("#/week", fault.detail) for fault in problem.errors]) from None
    if week.instants(zone)[0] > writing.now:
        raise invalid_request([ProblemItem("#/week", f"{text.week} has not begun; request it from its Monday on")])
    return week
