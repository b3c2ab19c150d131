"""The territories of reps and managers."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from kqml.errors import Fault
from serve.database.plans import is_rep
from serve.database.tables import REPS
from serve.database.territory import EVERYWHERE, Territory
from serve.security.callers import Scope


def territory_faults(connection: Connection, rep_id: str | None, scopes: Iterable[Scope]) -> Iterator[Fault]:
    """Yield why a caller with these scopes cannot be limited to the accounts of a rep; None limits nothing."""
    if rep_id is None:
        return
    if not is_rep(connection, rep_id, EVERYWHERE):
        yield Fault("--rep", f"rep {rep_id!r} does not exist", "give a rep of the database, or store the reps first")
    if Scope.ADMINISTER in scopes:
        yield Fault("--rep", f"the scope {Scope.ADMINISTER.value} knows no territory", "leave out --rep or the scope")


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
