"""SQL of the event columns that histories are read from."""

from kqml.events import EventKind
from kqml.history.event_log import CODES, VALUES
from kqml.history.sorted_columns import NEEDED

WANTED = {**NEEDED, "attributes": NEEDED["attributes"] | {EventKind.TIER_CHANGED}}
"""Text that only events of these kinds need: fetched for no other, as it costs as much as all numbers together."""

GROUPS = (VALUES[:3], VALUES[3:], CODES, ("due_at", "ref", "attributes"))
"""Columns that an event may leave empty, those together that kinds of events tend to fill together."""

COUNTED = "(kind <> 'order' OR amount IS NULL OR amount <> 0)"
"""The same condition as `serve.database.events.COUNTED`."""

RETRACTED = EventKind.EVENT_RETRACTED.code

IN_ORDER = "ORDER BY account_id, occurred_at, event_id"


def selected(name: str, accounts: str | None = None) -> str:
    """Return the column, null where no feature needs it. `accounts`: the right side of `account_id …`, used once, where
    events of these accounts may be retracted: retractions refer to event ids."""
    kinds = WANTED.get(name)
    if kinds is None:
        return name
    codes = ", ".join(f"'{code}'" for code in sorted(kind.code for kind in kinds))
    condition = f"kind IN ({codes})"
    if name == "event_id" and accounts is not None:
        condition += f" OR event_id IN (SELECT ref FROM events WHERE account_id {accounts} AND kind = '{RETRACTED}')"
    return f"CASE WHEN {condition} THEN {name} END"


def one_of(mark: str, ids: int) -> str:
    """Return the right side of `account_id …` with a parameter for each of so many ids."""
    return f"= {mark}" if ids == 1 else f"IN ({', '.join([mark] * ids)})"
