"""The streams that the catalog reads."""

from features.definitions import Stream
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
