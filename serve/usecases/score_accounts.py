"""Score accounts by histories of a request, by those of the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from kqml.calendar.business_time import moment_of
from kqml.contract.histories import AccountToScore
from kqml.contract.scores import ModelRef, ScoreAnswer, ScoreOut
from serve.database.long_histories import MOST_EVENTS
from serve.database.territory import Territory
from serve.usecases.database_histories import DatabaseHistories, LongHistories
from serve.usecases.refusals import FaultyRequest, RequestFault
from serve.usecases.request_histories import Histories, build_histories
from serve.usecases.score_evidence import score_evidence
from serve.usecases.served_model import LiveModel
from serve.usecases.withheld_scores import withhold_scores


@dataclass(frozen=True)
class ScoreAccountsRequest:
    """Accounts to score by a model at a cutoff. `now`: when the request arrived; `territory`: whose accounts the
    database may answer about; `reasons`: at most so many per account, in `language`."""

    model: LiveModel
    accounts: Sequence[AccountToScore]
    cutoff: int
    now: int
    language: str
    reasons: int
    territory: Territory

    @cached_property
    def database_ids(self) -> list[str]:
        """The accounts that come without a history."""
        return [account.account_id for account in self.accounts if account.events is None]


@dataclass(frozen=True)
class ScoreAccountsResult:
    """The scores in the order of the request; `events`: how many the histories hold."""

    answer: ScoreAnswer
    events: int


def score_accounts(
    request: ScoreAccountsRequest, database: DatabaseHistories, inline_events: int | None = None
) -> ScoreAccountsResult:
    """Score every account of a request. Raises FaultyRequest where a history has faults or an account is unknown,
    LongHistories where an account has more than `inline_events` stored ones."""
    given = given_histories(request)
    if not request.database_ids:
        return score_histories(request, [given])
    return score_histories(request, [given, stored_histories(request, database, inline_events)])


def given_histories(request: ScoreAccountsRequest) -> Histories:
    """Return the histories that stand in a request. Raises FaultyRequest where they have faults."""
    engine = request.model.score
    return build_histories(request.accounts, request.cutoff, request.now, engine.lag_days, engine.time_zone)


def stored_histories(
    request: ScoreAccountsRequest, database: DatabaseHistories, inline_events: int | None = None
) -> Histories:
    """Return those of the database. Raises FaultyRequest where it lacks an account, as far as the territory shows, and
    where one has more events than the service reads; LongHistories for more than `inline_events`."""
    try:
        stored = database.read(request.database_ids, request.cutoff, request.territory, inline_events or MOST_EVENTS)
    except LongHistories as error:
        if inline_events:
            raise
        raise FaultyRequest(list(_too_long(request, error))) from error
    if stored.log.account_count < len(request.database_ids):
        raise FaultyRequest(list(_unknown(request, set(stored.log.accounts))))
    return stored


def score_histories(request: ScoreAccountsRequest, parts: Sequence[Histories]) -> ScoreAccountsResult:
    """Score the histories of a request's accounts, read before."""
    model = request.model
    scores = {score["account_id"]: score for part in parts for score in _scores(request, part)}
    answer = ScoreAnswer(
        model=cast(ModelRef, {"version": model.version, "grade": model.grade}),
        as_of=moment_of(request.cutoff, model.score.time_zone).isoformat(),
        scores=[scores[account.account_id] for account in request.accounts],
    )
    return ScoreAccountsResult(answer, sum(len(part.log) for part in parts))


def _scores(request: ScoreAccountsRequest, histories: Histories) -> Iterator[ScoreOut]:
    if not histories.log.account_count:
        return
    engine = request.model.score
    scores = withhold_scores(
        engine(histories, request.cutoff, request.language, request.reasons), histories, request.language
    )
    evidence = score_evidence(histories, request.cutoff, engine.time_zone)
    for score, facts in zip(scores, evidence, strict=True):
        yield cast(ScoreOut, {**score, "evidence": facts})


def _too_long(request: ScoreAccountsRequest, error: LongHistories) -> Iterator[RequestFault]:
    for index, account in enumerate(request.accounts):
        if account.events is None and account.account_id in error.accounts:
            detail = (
                f"account {account.account_id!r} has more than {error.most:,} stored events;"
                " score it with `kqml score --database`"
            )
            yield RequestFault(("accounts", index, "account_id"), detail)


def _unknown(request: ScoreAccountsRequest, known: set[str]) -> Iterator[RequestFault]:
    for index, account in enumerate(request.accounts):
        if account.events is None and account.account_id not in known:
            detail = f"there is no account {account.account_id!r}; send its events to score it"
            yield RequestFault(("accounts", index, "account_id"), detail)
