"""The account's own numbers that sentences may name, found among the features of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from features.definitions import Aggregation, Atom, Feature
from kqml.events import EventKind, Group, kinds_in
from kqml.messages.quantities import Unit

CONTACTS = frozenset(kinds_in(Group.CONTACT)) - {EventKind.INBOUND, EventKind.LIFE_EVENT, EventKind.VISIT_VERIFIED}
"""Kinds by which we are in touch with an account."""

TOUCHES = frozenset({EventKind.VISIT, EventKind.CALL, EventKind.MESSAGE})
"""A stream must count at least these before a sentence may say that nobody was in contact."""

TIMELESS = frozenset({Aggregation.SINCE_LAST, Aggregation.SINCE_FIRST, Aggregation.GAP_MEAN, Aggregation.GAP_STD})

RECENT, LONG = 90, 365
"""Days of the windows that sentences prefer; the nearest one that the model has is taken."""


@dataclass(frozen=True)
class Fact:
    """A number by what it measures. `kinds`: what its stream must count; `allowed`: what it may count besides.

    `pace`: what the recent window would hold if the long one ran evenly.
    """

    unit: Unit
    kinds: frozenset[EventKind]
    aggregation: Aggregation
    value: str | None = None
    days: int = RECENT
    pace: bool = False
    allowed: frozenset[EventKind] = frozenset()


@dataclass(frozen=True)
class Located:
    """Where a model holds a fact: `row[place] * scale`, over `days` (None: no window)."""

    unit: Unit
    place: int
    days: int | None
    scale: float = 1.0


def _of(unit: Unit, kind: EventKind, aggregation: Aggregation = Aggregation.COUNT, days: int = RECENT) -> Fact:
    return Fact(unit, frozenset({kind}), aggregation, days=days)


def _orders(unit: Unit, aggregation: Aggregation, value: str | None = None, days: int = RECENT) -> Fact:
    return Fact(unit, frozenset({EventKind.ORDER}), aggregation, value, days)


def _distinct(column: str) -> Fact:
    allowed = CONTACTS | {EventKind.INBOUND}
    return Fact(Unit.PEOPLE, TOUCHES, Aggregation.DISTINCT, column, LONG, allowed=allowed)


_COUNTED = _orders(Unit.ORDERS, Aggregation.COUNT)
_WORTH = _orders(Unit.MONEY, Aggregation.SUM, "amount")
_TOUCHED = Fact(Unit.CONTACTS, TOUCHES, Aggregation.COUNT, allowed=CONTACTS)

FACTS: Mapping[str, Fact] = {
    "silence": _orders(Unit.DAYS, Aggregation.SINCE_LAST),
    "usual": _orders(Unit.DAYS, Aggregation.GAP_MEAN),
    "spread": _orders(Unit.DAYS, Aggregation.GAP_STD),
    "age": _orders(Unit.AGE, Aggregation.SINCE_FIRST),
    "orders_recent": _COUNTED,
    "orders_pace": replace(_COUNTED, pace=True),
    "orders_level": _orders(Unit.ORDERS, Aggregation.COUNT, days=LONG),
    "money_recent": _WORTH,
    "money_pace": replace(_WORTH, pace=True),
    "products_recent": _orders(Unit.PRODUCTS, Aggregation.MEAN, "lines"),
    "products_before": _orders(Unit.PRODUCTS, Aggregation.MEAN, "lines", LONG),
    "order_peak": _orders(Unit.MONEY, Aggregation.MAXIMUM, "amount"),
    "order_size": _orders(Unit.MONEY, Aggregation.MEAN, "amount"),
    "order_usual": _orders(Unit.MONEY, Aggregation.MEAN, "amount", LONG),
    "returns": _of(Unit.TIMES, EventKind.RETURN),
    "contacts_recent": _TOUCHED,
    "contacts_pace": replace(_TOUCHED, pace=True),
    "contact_silence": Fact(Unit.DAYS, TOUCHES, Aggregation.SINCE_LAST, allowed=CONTACTS),
    "inbound_silence": _of(Unit.DAYS, EventKind.INBOUND, Aggregation.SINCE_LAST),
    "mood": Fact(Unit.NUMBER, frozenset({EventKind.VISIT}), Aggregation.MEAN, "sentiment", allowed=CONTACTS),
    "people": _distinct("contact_id"),
    "reps": _distinct("rep_id"),
    "people_left": _of(Unit.PEOPLE, EventKind.CONTACT_LEFT, days=LONG),
    "rep_changes": _of(Unit.TIMES, EventKind.REP_ASSIGNED, days=LONG),
    "rep_tenure": _of(Unit.AGE, EventKind.REP_ASSIGNED, Aggregation.SINCE_LAST),
    "competitors": _of(Unit.TIMES, EventKind.COMPETITOR_SEEN),
    "complaints": _of(Unit.TIMES, EventKind.COMPLAINT),
    "complaints_resolved": _of(Unit.TIMES, EventKind.COMPLAINT_RESOLVED),
    "promises_made": _of(Unit.TIMES, EventKind.PROMISE_MADE),
    "promises_kept": _of(Unit.TIMES, EventKind.PROMISE_KEPT),
    "asks": _of(Unit.TIMES, EventKind.HELP_ASKED),
    "gives": _of(Unit.TIMES, EventKind.HELP_GIVEN),
    "late": _of(Unit.TIMES, EventKind.DELIVERY_LATE),
    "short": _of(Unit.TIMES, EventKind.SHORT_SUPPLY),
    "invoice_errors": _of(Unit.TIMES, EventKind.INVOICE_ERROR),
    "price_changes": _of(Unit.TIMES, EventKind.PRICE_CHANGE),
    "slow": _of(Unit.TIMES, EventKind.SLOW_MOVING),
    "stock_outs": _of(Unit.TIMES, EventKind.STOCK_OUT),
    "dues": _of(Unit.TIMES, EventKind.PAYMENT_DUE),
    "payments": _of(Unit.TIMES, EventKind.PAYMENT_RECEIVED),
    "suspensions": _of(Unit.TIMES, EventKind.ACCOUNT_SUSPENDED, days=LONG),
    "delivery_silence": _of(Unit.DAYS, EventKind.DELIVERY, Aggregation.SINCE_LAST),
}


def locate(features: Sequence[Feature]) -> dict[str, Located]:
    """Every fact that these features, in the order of a row, hold; the others are absent."""
    atoms = [(place, feature.measure) for place, feature in enumerate(features) if isinstance(feature.measure, Atom)]
    found = {name: _located(fact, atoms) for name, fact in FACTS.items()}
    return {name: located for name, located in found.items() if located is not None}


def _located(fact: Fact, atoms: Sequence[tuple[int, Atom]]) -> Located | None:
    fitting = [(place, atom) for place, atom in atoms if _fits(fact, atom)]
    found = _nearest(fitting, fact.days)
    if found is None:
        return None
    place, atom = found
    return _pace(fact, atom, fitting) if fact.pace else Located(fact.unit, place, atom.days)


def _nearest(atoms: Sequence[tuple[int, Atom]], days: int) -> tuple[int, Atom] | None:
    """The atom with the window nearest to `days`; among equals the one that looks at the most gaps."""
    return min(atoms, key=lambda pair: (abs((pair[1].days or 0) - days), -(pair[1].last or 0)), default=None)


def _pace(fact: Fact, recent: Atom, fitting: Sequence[tuple[int, Atom]]) -> Located | None:
    found = _nearest(fitting, LONG)
    if found is None or not recent.days or not found[1].days or found[1].days <= recent.days:
        return None
    return Located(fact.unit, found[0], recent.days, recent.days / found[1].days)


def _fits(fact: Fact, atom: Atom) -> bool:
    counts = atom.stream.kinds
    same = (atom.aggregation, atom.value, atom.lag) == (fact.aggregation, fact.value, 0)
    windowed = atom.days is not None or fact.aggregation in TIMELESS
    return same and windowed and fact.kinds <= counts <= fact.kinds | fact.allowed
