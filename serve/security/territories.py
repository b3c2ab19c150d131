"""The territories of reps and managers."""

from sqlalchemy import Connection, select

from serve.database.tables import REPS
from serve.database.territory import Territory


def own_territory(rep_id: str | None) -> Territory:
    """Return a rep's own accounts; none for a user without a rep."""
    return Territory(frozenset() if rep_id is None else frozenset({rep_id}))


def team_territory(connection: Connection, manager_id: str | None) -> Territory:
    """Return the manager's own accounts and those of everybody below, at any depth. Circular
    managers end the search."""
    if manager_id is None:
        return own_territory(None)
    below = select(REPS.c.rep_id).where(REPS.c.manager_id == manager_id).cte("below", recursive=True)
    deeper = select(REPS.c.rep_id).join(below, REPS.c.manager_id == below.c.rep_id)
    result = connection.execute(select(below.union(deeper).c.rep_id)).scalars()
    return Territory(frozenset({manager_id, *result}))
