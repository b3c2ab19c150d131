"""Which accounts a rep or a manager may see."""

from sqlalchemy import Connection, select

from serve.database.tables import REPS
from serve.database.territory import Territory


def own_territory(rep_id: str | None) -> Territory:
    """A rep's own accounts; none for a user that is not a rep."""
    return Territory(frozenset() if rep_id is None else frozenset({rep_id}))


def team_territory(connection: Connection, manager_id: str | None) -> Territory:
    """The accounts of everybody below the manager, however deep, with the own ones. Reps that name each other as
    manager make no endless loop."""
    if manager_id is None:
        return own_territory(None)
    below = select(REPS.c.rep_id).where(REPS.c.manager_id == manager_id).cte("below", recursive=True)
    deeper = select(REPS.c.rep_id).join(below, REPS.c.manager_id == below.c.rep_id)
    result = connection.execute(select(below.union(deeper).c.rep_id)).scalars()
    return Territory(frozenset({manager_id, *result}))
