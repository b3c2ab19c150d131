"""Which sentence a code speaks in: its variants in order of preference, each with the facts it claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from features.definitions import Code

Way = Literal["rising", "falling"]
Relation = Literal["<", "<=", ">", ">=", "==", "is"]

NOTABLY = 0.95
"""A number is said to have fallen when it is below this share of the other."""

LONG_WITHOUT_CONTACT = 30
"""Days after which the last contact is said to be long ago."""


@dataclass(frozen=True)
class Claim:
    """What must hold: `left` in relation to `right`, a fact (times `share`) or a number; `is`: a category's word."""

    left: str
    relation: Relation
    right: str | float
    share: float = 1.0


@dataclass(frozen=True)
class Variant:
    """A sentence of the catalogue `reasons` by its last key; the numbers it names must exist, its claims hold."""

    name: str
    claims: tuple[Claim, ...] = ()


def _v(name: str, *claims: Claim) -> Variant:
    return Variant(name, claims)


def _c(left: str, relation: Relation, right: str | float, share: float = 1.0) -> Claim:
    return Claim(left, relation, right, share)


PLAIN = _v("plain")
PROFILES = (_v("segment"), _v("region"), _v("tier"), PLAIN)

RISING: Mapping[Code, tuple[Variant, ...]] = {
    Code.LONGER_SILENT: (_v("over_usual", _c("silence", ">", "usual")), _v("days"), PLAIN),
    Code.ORDERS_FALLING: (
        _v("fewer", _c("orders_recent", "<", "orders_pace", NOTABLY)),
        _v("less", _c("money_recent", "<", "money_pace", NOTABLY)),
        PLAIN,
    ),
    Code.ORDERS_SMALLER: (_v("smaller", _c("order_size", "<", "order_usual", NOTABLY)), PLAIN),
    Code.RANGE_NARROWER: (
        _v("fewer", _c("products_recent", "<", "products_before", NOTABLY)),
        _v("few", _c("products_recent", ">", 0)),
        PLAIN,
    ),
    Code.LESS_REGULAR: (_v("spread", _c("spread", ">", "usual", 0.5)), PLAIN),
    Code.RELATION_AGE: (_v("age"), PLAIN),
    Code.ORDER_LEVEL: (_v("orders"), PLAIN),
    Code.SEASON: (PLAIN,),
    Code.PROFILE: PROFILES,
    Code.NEGLECT: (
        _v("never", _c("contacts_recent", "==", 0)),
        _v("tailing_off", _c("contacts_recent", "<", "contacts_pace", NOTABLY)),
        _v("silent", _c("contact_silence", ">", LONG_WITHOUT_CONTACT)),
    ),
    Code.REP_CHANGE: (
        _v("changed", _c("rep_changes", ">", 0)),
        _v("several", _c("reps", ">", 1)),
        _v("new", _c("rep_tenure", "<", 180)),
    ),
    Code.COMPETITOR: (_v("seen", _c("competitors", ">", 0)),),
    Code.COMPLAINT: (
        _v("unresolved", _c("complaints", ">", "complaints_resolved")),
        _v("made", _c("complaints", ">", 0)),
    ),
    Code.BROKEN_PROMISE: (_v("not_kept", _c("promises_made", ">", "promises_kept")),),
    Code.NO_RESPONSE: (_v("unanswered", _c("contact_silence", ">", "inbound_silence")),),
    Code.PRESSURE: (
        _v("spike", _c("order_peak", ">", "order_usual", 3.0)),
        _v("asks", _c("asks", ">", "gives")),
        _v("returns", _c("returns", ">", 0)),
    ),
    Code.SERVICE_FAILURE: (
        _v("late", _c("late", ">", 0)),
        _v("short", _c("short", ">", 0)),
        _v("invoices", _c("invoice_errors", ">", 0)),
    ),
    Code.PRICE_POLICY: (_v("changed", _c("price_changes", ">", 0)),),
    Code.SLOW_MOVING: (_v("reported", _c("slow", ">", 0)), _v("returns", _c("returns", ">", 0))),
    Code.SMALL_NEGLECT: (_v("never", _c("tier", "is", "C"), _c("contacts_recent", "==", 0)),),
    Code.MARKET_SHOCK: (_v("stock_out", _c("stock_outs", ">", 0)),),
    Code.ACCOUNT_CASH: (_v("unpaid", _c("dues", ">", "payments")),),
    Code.CONDUCT: (_v("mood", _c("mood", "<", 0)),),
    Code.SHALLOW: (_v("left", _c("people_left", ">", 0)), _v("one", _c("people", "==", 1))),
    Code.NATURAL: (_v("suspended", _c("suspensions", ">", 0)),),
    Code.NO_FOLLOW_UP: (_v("nobody", _c("contact_silence", ">", "delivery_silence")),),
}
"""What raises the churn probability."""

FALLING: Mapping[Code, tuple[Variant, ...]] = {
    Code.LONGER_SILENT: (_v("within_usual", _c("silence", "<=", "usual")), _v("days"), PLAIN),
    Code.ORDERS_FALLING: (
        _v("not_fewer", _c("orders_recent", ">=", "orders_pace", NOTABLY)),
        _v("not_less", _c("money_recent", ">=", "money_pace", NOTABLY)),
        PLAIN,
    ),
    Code.ORDERS_SMALLER: (_v("not_smaller", _c("order_size", ">=", "order_usual", NOTABLY)), PLAIN),
    Code.RANGE_NARROWER: (
        _v("not_fewer", _c("products_recent", ">=", "products_before", NOTABLY)),
        _v("few", _c("products_recent", ">", 0)),
        PLAIN,
    ),
    Code.LESS_REGULAR: (_v("spread", _c("spread", "<=", "usual", 0.5)), PLAIN),
    Code.RELATION_AGE: (_v("age"), PLAIN),
    Code.ORDER_LEVEL: (_v("orders"), PLAIN),
    Code.SEASON: (PLAIN,),
    Code.PROFILE: PROFILES,
    Code.NEGLECT: (_v("kept_up", _c("contacts_recent", ">", 0)),),
    Code.REP_CHANGE: (
        _v("same", _c("rep_changes", "==", 0)),
        _v("one", _c("reps", "==", 1)),
        _v("long", _c("rep_tenure", ">=", 180)),
    ),
    Code.COMPETITOR: (_v("none", _c("competitors", "==", 0)),),
    Code.COMPLAINT: (
        _v("none", _c("complaints", "==", 0)),
        _v("resolved", _c("complaints", ">", 0), _c("complaints_resolved", ">=", "complaints")),
    ),
    Code.BROKEN_PROMISE: (_v("kept", _c("promises_kept", ">", 0), _c("promises_kept", ">=", "promises_made")),),
    Code.NO_RESPONSE: (_v("answered", _c("contact_silence", "<=", "inbound_silence")),),
    Code.PRESSURE: (_v("gives", _c("gives", ">", "asks")), _v("no_returns", _c("returns", "==", 0))),
    Code.SERVICE_FAILURE: (
        _v("none", _c("late", "==", 0), _c("short", "==", 0), _c("invoice_errors", "==", 0)),
        _v("on_time", _c("late", "==", 0)),
    ),
    Code.PRICE_POLICY: (_v("stable", _c("price_changes", "==", 0)),),
    Code.SLOW_MOVING: (_v("none", _c("slow", "==", 0)), _v("no_returns", _c("returns", "==", 0))),
    Code.SMALL_NEGLECT: (_v("kept_up", _c("tier", "is", "C"), _c("contacts_recent", ">", 0)),),
    Code.MARKET_SHOCK: (_v("no_stock_out", _c("stock_outs", "==", 0)),),
    Code.ACCOUNT_CASH: (_v("paid", _c("payments", ">", 0), _c("payments", ">=", "dues")),),
    Code.CONDUCT: (_v("mood", _c("mood", ">", 0)),),
    Code.SHALLOW: (_v("several", _c("people", ">", 1)),),
    Code.NATURAL: (_v("open", _c("suspensions", "==", 0)),),
    Code.NO_FOLLOW_UP: (_v("followed", _c("contact_silence", "<=", "delivery_silence")),),
}
"""What lowers it."""

VARIANTS: Mapping[Way, Mapping[Code, tuple[Variant, ...]]] = {"rising": RISING, "falling": FALLING}
