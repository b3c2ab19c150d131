"""Read what became of the recommendations of some weeks."""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, select

from serve.database.records import parts_of
from serve.database.tables import ACCOUNTS, DECISION_STATES, DECISIONS
from serve.database.territory import Territory


def states_of_weeks(
    connection: Connection, weeks: Sequence[str], territory: Territory, rep_id: str | None
) -> Sequence[Row[tuple[str, str, str | None, str, str, str, str | None, str | None, int]]]:
    """Return the states of the decisions of these weeks, by decision, the earliest first: decision_id, account_id,
    rep_id, week, assigned, state, action, reason, at. Only accounts of the territory, only decisions of `rep_id` where
    it is given."""
    decision = (DECISIONS.c[name] for name in ("decision_id", "account_id", "rep_id", "week", "assigned"))
    state = (DECISION_STATES.c[name] for name in ("state", "action", "reason", "at"))
    joined = DECISIONS.join(DECISION_STATES, DECISION_STATES.c.decision_id == DECISIONS.c.decision_id).join(
        ACCOUNTS, ACCOUNTS.c.account_id == DECISIONS.c.account_id
    )
    request = select(*decision, *state).select_from(joined)
    request = request.where(DECISIONS.c.week.in_(weeks), territory.of_accounts())
    if rep_id is not None:
        request = request.where(DECISIONS.c.rep_id == rep_id)
    return connection.execute(request.order_by(DECISIONS.c.decision_id, DECISION_STATES.c.number)).all()


def rejections_since(connection: Connection, accounts: Sequence[str], since: int) -> list[tuple[str, str, int]]:
    """Return account_id, rejected action and instant of the rejections of some accounts since an instant."""
    joined = DECISIONS.join(DECISION_STATES, DECISION_STATES.c.decision_id == DECISIONS.c.decision_id)
    request = select(DECISIONS.c.account_id, DECISIONS.c.assigned, DECISION_STATES.c.at).select_from(joined)
    request = request.where(DECISION_STATES.c.state == "rejected", DECISION_STATES.c.at >= since)
    return [
        (row.account_id, row.assigned, row.at)
        for part in parts_of(accounts)
        for row in connection.execute(request.where(DECISIONS.c.account_id.in_(part)))
    ]
