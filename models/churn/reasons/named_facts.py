"""The numbers about an account that sentences may name, and the columns that must bear them out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.definitions import Aggregation, Code, Feature, atoms_of
from features.rules import COUNTED, Card, CountingRule, Ledger
from kqml.events import EventGroup, EventKind, kinds_in
from kqml.history.closings import Closing
from kqml.messages.quantities import Unit

CONTACTS = frozenset(kinds_in(EventGroup.CONTACT)) - {EventKind.INBOUND, EventKind.LIFE_EVENT, EventKind.VISIT_VERIFIED}
"""Kinds by which we are in touch with an account."""

TOUCHES = frozenset({EventKind.VISIT, EventKind.CALL, EventKind.MESSAGE})
"""A stream must count at least these before a sentence may say that nobody was in contact."""

RECENT, LONG, EVER = 90, 365, 0
"""Days of the windows that sentences prefer; the nearest one that the model has is taken. EVER: no window needed."""


@dataclass(frozen=True)
class Fact:
    """A number by what it measures. `kinds`: what its stream must count; `allowed`: what it may count besides; `rule`:
    how it must read them.

    `pace`: what the recent window would hold if the long one ran evenly. `peer`: the recent window ÷ that, the mean of
    the account's like. `months`: a calendar month, 0 the present one.
    """

    unit: Unit
    kinds: frozenset[EventKind]
    aggregation: Aggregation
    value: str | None = None
    days: int = RECENT
    pace: bool = False
    allowed: frozenset[EventKind] = frozenset()
    rule: type | None = None
    peer: bool = False
    months: int | None = None


def _of(unit: Unit, kind: EventKind, aggregation: Aggregation = Aggregation.COUNT, days: int = RECENT) -> Fact:
    return Fact(unit, frozenset({kind}), aggregation, days=days)


def _orders(unit: Unit, aggregation: Aggregation, value: str | None = None, days: int = RECENT) -> Fact:
    return Fact(unit, frozenset({EventKind.ORDER}), aggregation, value, days)


def _open(unit: Unit, kind: EventKind, aggregation: Aggregation, value: str | None = None) -> Fact:
    """What a kind opened and nothing closed, ever."""
    return Fact(unit, frozenset({kind}), aggregation, value, EVER, rule=Closing)


def _distinct(column: str) -> Fact:
    allowed = CONTACTS | {EventKind.INBOUND}
    return Fact(Unit.PEOPLE, TOUCHES, Aggregation.DISTINCT, column, LONG, allowed=allowed)


def _counted(unit: Unit, *kinds: EventKind) -> Fact:
    """Contacts of channels as the playbook counts them, in the last weeks."""
    allowed = CONTACTS - TOUCHES
    return Fact(unit, frozenset(kinds), Aggregation.SUM, COUNTED, 28, allowed=allowed, rule=CountingRule)


_COUNTED = _orders(Unit.ORDERS, Aggregation.COUNT)
_WORTH = _orders(Unit.MONEY, Aggregation.SUM, "amount")
_TOUCHED = Fact(Unit.CONTACTS, TOUCHES, Aggregation.COUNT, allowed=CONTACTS)
_VISITS, _CALLS, _MESSAGES = (
    _counted(unit, kind)
    for unit, kind in (
        (Unit.VISITS, EventKind.VISIT),
        (Unit.CALLS, EventKind.CALL),
        (Unit.MESSAGES, EventKind.MESSAGE),
    )
)

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
    "peer_pace": replace(_COUNTED, unit=Unit.SHARE, peer=True),
    "order_peak": _orders(Unit.MONEY, Aggregation.MAXIMUM, "amount"),
    "order_size": _orders(Unit.MONEY, Aggregation.MEAN, "amount"),
    "order_usual": _orders(Unit.MONEY, Aggregation.MEAN, "amount", LONG),
    "returns": _of(Unit.TIMES, EventKind.RETURN),
    "cancelled": _of(Unit.TIMES, EventKind.ORDER_CANCELLED),
    "visits_month": replace(_VISITS, days=EVER, months=0),
    "visits_last_month": replace(_VISITS, days=EVER, months=1),
    "calls_last_month": replace(_CALLS, days=EVER, months=1),
    "messages_last_month": replace(_MESSAGES, days=EVER, months=1),
    "visits_recent": _VISITS,
    "calls_recent": _CALLS,
    "messages_recent": _MESSAGES,
    "counted_recent": _counted(Unit.CONTACTS, *TOUCHES),
    "contacts_recent": _TOUCHED,
    "contacts_pace": replace(_TOUCHED, pace=True),
    "contact_silence": Fact(Unit.DAYS, TOUCHES, Aggregation.SINCE_LAST, allowed=CONTACTS),
    "inbound_silence": _of(Unit.DAYS, EventKind.INBOUND, Aggregation.SINCE_LAST),
    "inbound_open": replace(_open(Unit.TIMES, EventKind.INBOUND, Aggregation.OVERDUE), days=RECENT),
    "problems_open": replace(_open(Unit.TIMES, EventKind.PROBLEM_RAISED, Aggregation.OVERDUE), days=180),
    "mood": Fact(Unit.NUMBER, frozenset({EventKind.VISIT}), Aggregation.MEAN, "sentiment", allowed=CONTACTS),
    "people": _distinct("contact_id"),
    "reps": _distinct("rep_id"),
    "people_left": _of(Unit.PEOPLE, EventKind.CONTACT_LEFT, days=LONG),
    "card": Fact(Unit.SHARE, frozenset({EventKind.CARD_UPDATED}), Aggregation.KNOWN, days=EVER, rule=Card),
    "rep_changes": _of(Unit.TIMES, EventKind.REP_ASSIGNED, days=LONG),
    "rep_tenure": _of(Unit.AGE, EventKind.REP_ASSIGNED, Aggregation.SINCE_LAST),
    "rep_unseen": _open(Unit.DAYS, EventKind.REP_ASSIGNED, Aggregation.OPEN_AGE),
    "competitors": _of(Unit.TIMES, EventKind.COMPETITOR_SEEN),
    "complaints": _of(Unit.TIMES, EventKind.COMPLAINT),
    "complaints_resolved": _of(Unit.TIMES, EventKind.COMPLAINT_RESOLVED),
    "complaints_open": _open(Unit.COMPLAINTS, EventKind.COMPLAINT, Aggregation.OPEN),
    "complaint_age": _open(Unit.DAYS, EventKind.COMPLAINT, Aggregation.OPEN_AGE),
    "promises_made": _of(Unit.TIMES, EventKind.PROMISE_MADE),
    "promises_kept": _of(Unit.TIMES, EventKind.PROMISE_KEPT),
    "promises_overdue": _open(Unit.PROMISES, EventKind.PROMISE_MADE, Aggregation.OVERDUE),
    "promise_late": _open(Unit.DAYS, EventKind.PROMISE_MADE, Aggregation.OVERDUE_AGE),
    "balance": Fact(
        Unit.NUMBER, frozenset(), Aggregation.BALANCE, days=EVER, allowed=frozenset(EventKind), rule=Ledger
    ),
    "asks": _of(Unit.TIMES, EventKind.HELP_ASKED),
    "gives": _of(Unit.TIMES, EventKind.HELP_GIVEN),
    "late": _of(Unit.TIMES, EventKind.DELIVERY_LATE),
    "short": _of(Unit.TIMES, EventKind.SHORT_SUPPLY),
    "invoice_errors": _of(Unit.TIMES, EventKind.INVOICE_ERROR),
    "deliveries": _of(Unit.DELIVERIES, EventKind.DELIVERY),
    "deliveries_missed": Fact(
        Unit.DELIVERIES, frozenset({EventKind.DELIVERY}), Aggregation.OVERDUE, days=RECENT, rule=Closing
    ),
    "orders_missed": Fact(Unit.ORDERS, frozenset({EventKind.ORDER}), Aggregation.OVERDUE, days=RECENT, rule=Closing),
    "price_changes": _of(Unit.TIMES, EventKind.PRICE_CHANGE),
    "slow": _of(Unit.TIMES, EventKind.SLOW_MOVING),
    "stock_outs": _of(Unit.TIMES, EventKind.STOCK_OUT),
    "dues": _of(Unit.TIMES, EventKind.PAYMENT_DUE),
    "payments": _of(Unit.TIMES, EventKind.PAYMENT_RECEIVED),
    "money_overdue": _open(Unit.MONEY, EventKind.PAYMENT_DUE, Aggregation.OVERDUE_SUM, "amount"),
    "overdue_age": _open(Unit.DAYS, EventKind.PAYMENT_DUE, Aggregation.OVERDUE_AGE),
    "suspensions": _of(Unit.TIMES, EventKind.ACCOUNT_SUSPENDED, days=LONG),
    "delivery_silence": _of(Unit.DAYS, EventKind.DELIVERY, Aggregation.SINCE_LAST),
}

TARGETS: Mapping[str, str] = {
    "visits_month_target": "visits_last_month",
    "calls_month_target": "calls_last_month",
    "messages_month_target": "messages_last_month",
    "visits_target": "visits_recent",
    "calls_target": "calls_recent",
    "messages_target": "messages_recent",
    "counted_target": "counted_recent",
}
"""The target of a counted fact, by the tier of the row."""


def evidence_columns(features: Sequence[Feature], code: Code, names: Iterable[str]) -> NDArray[np.intp]:
    """Return the indices of the code's features that count events which one of the facts `names` counts too.

    The emotional account counts nearly all events, so that only its own features and facts go together.
    """
    facts = [FACTS[TARGETS.get(name, name)] for name in names if TARGETS.get(name, name) in FACTS]
    own = [index for index, feature in enumerate(features) if feature.code is code]
    return np.array([index for index in own if any(_alike(features[index], fact) for fact in facts)], dtype=np.intp)


def _alike(feature: Feature, fact: Fact) -> bool:
    streams = [atom.stream for atom in atoms_of(feature.measure)]
    of_feelings = any(isinstance(stream.rule, Ledger) for stream in streams)
    if of_feelings or fact.rule is Ledger:
        return of_feelings and fact.rule is Ledger
    return any(stream.kinds & fact.kinds for stream in streams)
