"""Lists of the newest stored scores in the order in which they were stored, filtered, by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, select, tuple_

from serve.database.listing import FILTERS
from serve.database.tables import ACCOUNTS, LATEST_SCORES, SCORES
from serve.database.territory import Territory

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ScoreListing:
    """Which scores. `filters`: name of `serve.database.listing.FILTERS` without those on grades → values, any of which
    matches. `changed_since`: only scores stored then or later. `after`: `scored_at` and account of the last score of
    the page before."""

    limit: int
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    changed_since: int | None = None
    descending: bool = False
    after: tuple[int, str] | None = None


def list_newest_scores(connection: Connection, listing: ScoreListing, territory: Territory) -> list[Row]:
    """Return at most `limit` rows of scores, of each account of the territory its newest one."""
    key = (LATEST_SCORES.c.scored_at, LATEST_SCORES.c.account_id)
    newest = and_(*(SCORES.c[name] == LATEST_SCORES.c[name] for name in ("account_id", "cutoff", "model")))
    joined = LATEST_SCORES.join(SCORES, newest).join(ACCOUNTS, ACCOUNTS.c.account_id == LATEST_SCORES.c.account_id)
    request = select(SCORES).select_from(joined).where(territory.of_accounts(), ACCOUNTS.c.erased_at.is_(None))
    for name, values in listing.filters.items():
        request = request.where(FILTERS[name].in_(values))
    if listing.changed_since is not None:
        request = request.where(LATEST_SCORES.c.scored_at >= listing.changed_since)
    if listing.after is not None:
        place = tuple_(*key)
        request = request.where(place < listing.after if listing.descending else place > listing.after)
    request = request.order_by(*(column.desc() if listing.descending else column for column in key))
    return [dict(row) for row in connection.execute(request.limit(listing.limit)).mappings()]
