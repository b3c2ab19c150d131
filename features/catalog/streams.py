"""The streams that the catalog reads, with shorthands for measures of them."""

from features.definitions import Aggregation, Atom, Combined, Operation, Stream
from kqml.events import EventGroup, EventKind, kinds_in


def single(kind: EventKind) -> Stream:
    """Events of one kind, by its code."""
    return Stream(kind.code, frozenset({kind}))


ORDER = single(EventKind.ORDER)
RETURN = single(EventKind.RETURN)
CANCELLED = single(EventKind.ORDER_CANCELLED)
VISIT = single(EventKind.VISIT)

OURS = frozenset(kinds_in(EventGroup.CONTACT)) - {EventKind.INBOUND, EventKind.VISIT_VERIFIED, EventKind.LIFE_EVENT}
CONTACT = Stream("contact", OURS)
"""Every contact that we make; life events are personal and never read."""

TOUCH = Stream("touch", OURS | {EventKind.INBOUND})
"""Contacts from both sides."""

CONTACT_KINDS = tuple(single(kind) for kind in kinds_in(EventGroup.CONTACT) if kind is not EventKind.LIFE_EVENT)
HELP_KINDS = tuple(single(kind) for kind in kinds_in(EventGroup.HELP))
TRUST_KINDS = tuple(single(kind) for kind in kinds_in(EventGroup.TRUST))
SERVICE_KINDS = tuple(
    single(kind)
    for kind in (EventKind.DELIVERY, EventKind.DELIVERY_LATE, EventKind.SHORT_SUPPLY, EventKind.INVOICE_ERROR)
)
CASH_KINDS = tuple(single(kind) for kind in (EventKind.PAYMENT_DUE, EventKind.PAYMENT_RECEIVED))
MARKET_KINDS = tuple(single(kind) for kind in kinds_in(EventGroup.MARKET))
PAYMENT_DUE = CASH_KINDS[0]


def count(stream: Stream, days: int | None = None, lag: int = 0) -> Atom:
    return Atom(stream, Aggregation.COUNT, days=days, lag=lag)


def total(stream: Stream, value: str, days: int | None = None, lag: int = 0) -> Atom:
    return Atom(stream, Aggregation.SUM, value, days=days, lag=lag)


def mean(stream: Stream, value: str, days: int | None = None, lag: int = 0) -> Atom:
    return Atom(stream, Aggregation.MEAN, value, days=days, lag=lag)


def since_last(stream: Stream) -> Atom:
    return Atom(stream, Aggregation.SINCE_LAST)


def gap(stream: Stream, aggregation: Aggregation, last: int) -> Atom:
    return Atom(stream, aggregation, last=last)


def ratio(left: Atom | Combined, right: Atom) -> Combined:
    return Combined(left, Operation.RATIO, right)


def rate_ratio(left: Atom, right: Atom) -> Combined:
    return Combined(left, Operation.RATE_RATIO, right)


def less(left: Atom | Combined, right: Atom) -> Combined:
    return Combined(left, Operation.DIFFERENCE, right)
