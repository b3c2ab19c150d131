"""Lowering of the rules of a catalog's streams to tables."""

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from features.rules import Card, CountingRule, Ledger, Rule
from kqml.calendar.business_time import DAY_US
from kqml.events import KINDS, EventKind
from kqml.grades.emotional_account import closing_of
from kqml.history.closings import Closing

Kinds = frozenset[EventKind]
NEVER_DUE = -1
OPENING, CLOSING_KINDS, BY_REF, SAME_REP, DUE_AT, DUE_AFTER, IN_TIME = range(7)
"""Columns of `PlanArrays.closings`."""

BITS = 63
"""The largest number of fields of a card: one bit of an int64 each."""


class RuleArrays(TypedDict):
    """The tables of `PlanArrays` that rules fill."""

    closing_start: NDArray[np.int64]
    closings: NDArray[np.int64]
    omitted: NDArray[np.float64]
    fades: NDArray[np.float64]
    card: NDArray[np.float64]
    counting: NDArray[np.float64]


def lower_rules(read: Sequence[tuple[Kinds, Rule | None]]) -> RuleArrays:
    """Return the tables of the streams' rules; a valid catalog has at most one Ledger, Card and CountingRule."""
    rows = [_closing_rows(kinds, rule) for kinds, rule in read]
    rules = [rule for _, rule in read]
    ledger, card, counted = only(rules, Ledger), only(rules, Card), only(rules, CountingRule)
    omissions = ledger.omissions if ledger else ()
    omitted = [(omission.weight, omission.half_life_days * DAY_US) for omission in omissions]
    fades = [(days * DAY_US, float(sign)) for days, sign in ledger.fades] if ledger else []
    return RuleArrays(
        closing_start=frozen(np.cumsum([0, *map(len, rows)])),
        closings=frozen([row for group in rows for row in group], width=7),
        omitted=frozen(_omission_rows(rows, rules, omitted), np.float64, width=2),
        fades=frozen(fades, np.float64, width=2),
        card=frozen([weight for _, weight in card.fields] if card else [], np.float64),
        counting=frozen(_counting(counted), np.float64),
    )


def _omission_rows(
    rows: Sequence[Sequence[tuple[int, ...]]], rules: Sequence[Rule | None], omitted: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """One (weight, half-life) for each row of `closings`; weight 0 where it is not an omission of the ledger."""
    # Half-life 1, not 0: the kernel divides by it even where the weight is 0.
    nothing = (0.0, 1.0)
    pairs = zip(rows, rules, strict=True)
    return [line for group, rule in pairs for line in (omitted if isinstance(rule, Ledger) else [nothing] * len(group))]


def _closing_rows(kinds: Kinds, rule: Rule | None) -> list[tuple[int, ...]]:
    if isinstance(rule, Closing):
        return [_closing_row(kinds, rule)]
    if isinstance(rule, Ledger):
        return [_closing_row(frozenset({omission.kind}), closing_of(omission)) for omission in rule.omissions]
    return []


def _closing_row(kinds: Kinds, closing: Closing) -> tuple[int, ...]:
    due = NEVER_DUE if closing.due_days is None else round(closing.due_days * DAY_US)
    # Booleans as integers: all columns of one table share a type, hence one compiled kernel.
    flags = int(closing.by_ref), int(closing.same_rep), int(closing.due_at)
    return bits_of(kinds), bits_of(closing.kinds), *flags, due, int(closing.in_time)


def _counting(counted: CountingRule | None) -> list[float]:
    if counted is None:
        return []
    minutes = dict(counted.min_minutes)
    return [*(minutes.get(kind, 0.0) for kind in KINDS), counted.min_authenticity, counted.part_share]


def only(rules: Iterable[Rule | None], kind: type[Any]) -> Any:
    """Return the first rule of a kind, None where there is none."""
    return next((rule for rule in rules if isinstance(rule, kind)), None)


def bits_of(kinds: Kinds) -> int:
    """Return the kinds as a bit mask of their numbers."""
    return sum(1 << kind.number for kind in kinds)


def frozen(items: Any, dtype: Any = np.int64, width: int | None = None) -> NDArray[Any]:
    """Return a read-only array of `dtype`; with `width` a table of so many columns, also when empty."""
    array = np.array(items, dtype=dtype)
    array = array if width is None else array.reshape(-1, width)
    array.flags.writeable = False
    return array
