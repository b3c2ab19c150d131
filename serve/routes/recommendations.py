"""`POST /v1/recommendations`: a rep's week, or what to do about some accounts, decided once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from starlette.concurrency import run_in_threadpool

from kqml.calendar import moment_of
from kqml.duties import Period
from kqml.errors import KqmlError
from kqml.messages import text
from serve.access import WritesDecisions
from serve.bodies import parse_body, read_json_bytes
from serve.dependencies import IdempotencyKey, ServiceOf
from serve.documents import BODY_PROBLEMS, problems, request_body
from serve.planned import Kept, keep_plan
from serve.problems import ItemError, Problem, ProblemError, invalid_request
from serve.recommendation_schemas import REPS_PER_REQUEST, RecommendationRequest, Recommendations
from serve.recommending import MOST_ACCOUNTS, Deciding, TooMany, decide, why_not
from serve.routes.plans import decision_told, receipt_of
from serve.store.idempotency import Reply
from serve.store.plans import decided_reps, is_rep, objecting_of_rep, week_of_accounts, week_of_rep
from serve.store.records import read_rows
from serve.store.tables import ACCOUNTS
from serve.weeks import week_asked, week_name
from serve.writing import Writing, as_reply, write_now, writing_of

router = APIRouter(tags=["recommendations"])

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a request asks for. `accounts`: rows of those named, by id, None where a rep is asked for."""

    reps: frozenset[str]
    accounts: Mapping[str, Row] | None
    week: Period
    zone: str
    language: str

    @property
    def name(self) -> str:
        return week_name(self.week)

    @property
    def cutoff(self) -> int:
        """Monday's local midnight."""
        return self.week.instants(self.zone)[0]


@router.post(
    "/v1/recommendations",
    summary="Recommend actions",
    response_model=Recommendations,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(RecommendationRequest),
)
async def recommend_actions(
    request: Request, service: ServiceOf, caller: WritesDecisions, idempotency_key: IdempotencyKey = None
) -> Response:
    """What to do in a week about the accounts of a rep, or about some accounts, within the hours of their reps.

    A rep's week is decided once, by whoever asks first; later requests are answered with what was decided. Every
    decision is kept with its probability, its receipt. A week that is over is not decided any more."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_recommend, writing_of(request, service, caller, body, idempotency_key))


def _recommend(writing: Writing) -> Response:
    said = parse_body(RecommendationRequest, writing.body)
    with writing.service.store.snapshot() as connection:
        asked = _asked(connection, writing, said)
        missing = asked.reps - decided_reps(connection, sorted(asked.reps), asked.name)
    made = _decided(writing, asked, missing) if missing else None
    try:
        return write_now(writing, lambda connection: _kept(connection, writing, asked, made))
    except IntegrityError:  # somebody else decided a part of it meanwhile; now it is there
        return write_now(writing, lambda connection: _kept(connection, writing, asked, None))


def _asked(connection: Connection, writing: Writing, said: RecommendationRequest) -> Asked:
    """Raises ProblemError where it names nobody, too many, or those of others."""
    if (said.rep_id is None) == (said.accounts is None):
        raise invalid_request([ItemError("#", "rep_id or accounts is needed, not both")])
    service, territory = writing.service, writing.caller.territory
    zone = service.histories.time_zone(connection)
    week, language = _week(said, writing, zone), said.language or service.language
    if said.rep_id is not None:
        if not is_rep(connection, said.rep_id, territory):
            raise invalid_request([ItemError("#/rep_id", f"there is no rep {said.rep_id!r}")])
        return Asked(frozenset([said.rep_id]), None, week, zone, language)
    rows = _rows(connection, writing, said.accounts or [])
    stored = week_of_accounts(connection, list(rows), week_name(week), territory)
    earlier = {row["account_id"]: row["rep_id"] for row in stored}
    reps = {earlier.get(name) or row["owner_rep_id"] for name, row in rows.items() if _may(row)}
    if len(reps - {None}) > REPS_PER_REQUEST:
        told = f"they belong to {len(reps - {None})} reps, whose weeks would be decided; ask for {REPS_PER_REQUEST}"
        raise invalid_request([ItemError("#/accounts", told)])
    return Asked(frozenset(reps - {None}), rows, week, zone, language)


def _may(row: Row) -> bool:
    return why_not(row) == "not_then"


def _rows(connection: Connection, writing: Writing, ids: Sequence[str]) -> dict[str, Row]:
    """The accounts in the order asked. Raises ProblemError for those that are not there, stand twice."""
    found = read_rows(connection, ACCOUNTS, ids)
    covers = writing.caller.territory.covers
    faults = [
        ItemError(f"#/accounts/{place}", f"there is no account {name!r}" if name not in ids[:place] else "stands twice")
        for place, name in enumerate(ids)
        if name not in found or not covers(found[name]["owner_rep_id"]) or name in ids[:place]
    ]
    if faults:
        raise invalid_request(faults)
    return {name: found[name] for name in ids}


def _week(said: RecommendationRequest, writing: Writing, zone: str) -> Period:
    try:
        week = week_asked(said.week, writing.now, zone)
    except ProblemError as problem:
        raise invalid_request([ItemError("#/week", fault.detail) for fault in problem.errors]) from None
    if week.instants(zone)[0] > writing.now:
        raise invalid_request([ItemError("#/week", f"{said.week} has not begun: ask from its Monday on")])
    return week


def _decided(writing: Writing, asked: Asked, missing: frozenset[str]) -> Kept | None:
    """The weeks that nobody decided yet. Raises ProblemError where that cannot be done any more, or at all."""
    if asked.week.instants(asked.zone)[1] <= writing.now:
        return None
    deciding = Deciding(missing, asked.week, asked.cutoff, writing.caller.name, asked.language)
    try:
        return decide(writing.service, deciding)
    except TooMany:
        told = f"its reps have more than {MOST_ACCOUNTS} accounts; let `kqml plan --store` decide the week"
        raise invalid_request([ItemError(_pointer(asked), told)]) from None
    except KqmlError as error:
        raise invalid_request([ItemError(_pointer(asked), error.message)]) from error


def _pointer(asked: Asked) -> str:
    return "#/rep_id" if asked.accounts is None else "#/accounts"


def _kept(connection: Connection, writing: Writing, asked: Asked, made: Kept | None) -> Reply:
    """Writes what was decided, as far as nobody else did meanwhile; tells what there is now."""
    before = decided_reps(connection, sorted(asked.reps), asked.name)
    fresh = [row for row in made.decisions if row["rep_id"] not in before] if made is not None else []
    if made is not None and fresh:
        keep_plan(connection, fresh, writing.now, made.learned)
    found = _found(connection, writing, asked)
    writing.facts["decisions"] = len(fresh)
    if asked.accounts is None and not found:
        raise invalid_request([ItemError("#/rep_id", _nothing(writing, asked))])
    told = [_told(row, asked) for row in found if row["objected_at"] is None]
    content = {
        "week": asked.name,
        "cutoff": moment_of(asked.cutoff, asked.zone).isoformat(),
        "decided": sorted({row["rep_id"] for row in fresh}),
        "decisions": told,
        "not_decided": list(_not_decided(asked, {one["account_id"] for one in told})),
        "objected": _objected(connection, writing, asked),
    }
    return as_reply(content)


def _found(connection: Connection, writing: Writing, asked: Asked) -> Sequence[Row]:
    territory = writing.caller.territory
    if asked.accounts is not None:
        return week_of_accounts(connection, list(asked.accounts), asked.name, territory)
    return week_of_rep(connection, next(iter(asked.reps)), asked.name, territory)


def _nothing(writing: Writing, asked: Asked) -> str:
    rep = next(iter(asked.reps))
    if asked.week.instants(asked.zone)[1] <= writing.now:
        return f"the week {asked.name} is over, nothing was decided for {rep!r} in it"
    return f"there is nothing to plan: {rep!r} has no open account in {asked.name}"


def _objected(connection: Connection, writing: Writing, asked: Asked) -> int:
    if asked.accounts is not None:
        return sum(row["objected_at"] is not None for row in asked.accounts.values())
    return len(objecting_of_rep(connection, next(iter(asked.reps)), writing.caller.territory))


def _not_decided(asked: Asked, told: set[str]) -> Sequence[dict[str, str]]:
    return [
        {"account_id": name, "code": why_not(row), "text": text(f"plan.not_decided.{why_not(row)}", asked.language)}
        for name, row in (asked.accounts or {}).items()
        if name not in told
    ]


def _told(row: Row, asked: Asked) -> dict[str, Any]:
    more = {name: row[name] for name in ("rep_id", "probability")}
    return {**decision_told(row, asked.zone), **more, "evidence": _evidence(row, asked.language)}


def _evidence(row: Row, language: str) -> dict[str, Any] | None:
    receipt = receipt_of(row)
    if receipt is None or "actions" not in receipt:
        return None
    rests, action = receipt["evidence"], receipt["actions"][row["assigned"]]
    score = receipt["score"] or dict.fromkeys(("churn_probability", "band", "value_at_risk"))
    return {
        "code": rests["code"],
        "text": text(f"plan.evidence.{rests['code']}", language, rows=rests["rows"]),
        **{name: action[name] for name in ("basis", "effect", "score")},
        **{name: score[name] for name in ("churn_probability", "band", "value_at_risk")},
    }
