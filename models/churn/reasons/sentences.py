"""The sentences of each code: variants in order of preference, each with the facts that it claims."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from features.definitions import Code

Way = Literal["rising", "falling"]
Relation = Literal["<", "<=", ">", ">=", "==", "is"]
Thresholds = Mapping[str, Mapping[str, float]]
"""The playbook's `facts`: reason code → name → number."""


@dataclass(frozen=True)
class Threshold:
    """A number of the playbook's `facts`, `times` another; `rest`: what is left of it to 1."""

    code: Code
    name: str
    rest: bool = False
    times: float = 1.0

    def of(self, facts: Thresholds) -> float:
        """Return the number; NaN, which no claim meets, where the playbook does not say it."""
        number = facts.get(self.code.value, {}).get(self.name, math.nan) * self.times
        return 1 - number if self.rest else number


@dataclass(frozen=True)
class Claim:
    """What must hold: `left` in relation to `right`, a fact (times `share`) or a number; `is`: a category's word."""

    left: str
    relation: Relation
    right: str | float | Threshold
    share: float | Threshold = 1.0


@dataclass(frozen=True)
class Variant:
    """A sentence of the catalogue `reasons` by its last key; the numbers it names must exist, its claims hold."""

    name: str
    claims: tuple[Claim, ...] = ()


def _v(name: str, *claims: Claim) -> Variant:
    return Variant(name, claims)


def _c(left: str, relation: Relation, right: str | float | Threshold, share: float | Threshold = 1.0) -> Claim:
    return Claim(left, relation, right, share)


def _t(code: Code, name: str, *, rest: bool = False) -> Threshold:
    return Threshold(code, name, rest)


FALLEN, SMALLER, NARROWER, TAILING = (
    _t(code, "notably") for code in (Code.ORDERS_FALLING, Code.ORDERS_SMALLER, Code.RANGE_NARROWER, Code.NEGLECT)
)
"""A number is said to have fallen when it is below this share of the other."""

LOYAL = Threshold(Code.LONGER_SILENT, "customer_years", times=365.25)
AT_RISK, CHURNED = (_t(Code.LONGER_SILENT, name) for name in ("at_risk_cycles", "churned_cycles"))
"""Own cycles of silence (domain §8)."""

SPREAD = _t(Code.LESS_REGULAR, "spread_share")
SHARE_OF_TARGET = _t(Code.NEGLECT, "share_of_target")
NEW_REP = _t(Code.REP_CHANGE, "new_rep_days")
LATE, SHORT = _t(Code.SERVICE_FAILURE, "on_time_rate", rest=True), _t(Code.SERVICE_FAILURE, "fill_rate", rest=True)
WRONG = _t(Code.SERVICE_FAILURE, "invoice_error_rate")
FEW_CONTACTS = _t(Code.SMALL_NEGLECT, "contacts")
FEW_PEOPLE = _t(Code.SHALLOW, "people")
IN_BALANCE = _t(Code.PRESSURE, "balance")
BAD_MOOD = _t(Code.CONDUCT, "sentiment")
OVERDUE = _t(Code.ACCOUNT_CASH, "overdue_days")

PLAIN = _v("plain")
PROFILES = (_v("segment"), _v("region"), _v("tier"), PLAIN)

RISING: Mapping[Code, tuple[Variant, ...]] = {
    Code.LONGER_SILENT: (
        _v("loyal", _c("age", ">=", LOYAL), _c("silence", ">=", _t(Code.LONGER_SILENT, "silent_days"))),
        _v("stopped", _c("silence", ">", "usual", CHURNED)),
        _v("at_risk", _c("silence", ">=", "usual", AT_RISK)),
        _v("over_usual", _c("silence", ">", "usual")),
        _v("days"),
        PLAIN,
    ),
    Code.ORDERS_FALLING: (
        _v("fewer", _c("orders_recent", "<", "orders_pace", FALLEN)),
        _v("less", _c("money_recent", "<", "money_pace", FALLEN)),
        PLAIN,
    ),
    Code.ORDERS_SMALLER: (_v("smaller", _c("order_size", "<", "order_usual", SMALLER)), PLAIN),
    Code.RANGE_NARROWER: (
        _v("fewer", _c("products_recent", "<", "products_before", NARROWER)),
        _v("few", _c("products_recent", ">", 0)),
        PLAIN,
    ),
    Code.LESS_REGULAR: (_v("spread", _c("spread", ">", "usual", SPREAD)), PLAIN),
    Code.RELATION_AGE: (_v("age"), PLAIN),
    Code.RELATION_COOLER: (_v("overdrawn", _c("balance", "<", IN_BALANCE)), PLAIN),
    Code.ORDER_LEVEL: (_v("orders"), PLAIN),
    Code.SEASON: (PLAIN,),
    Code.PROFILE: PROFILES,
    Code.NEGLECT: (
        _v("never", _c("contacts_recent", "==", 0)),
        _v("visits", _c("visits_recent", "<", "visits_target", SHARE_OF_TARGET), _c("visits_month", ">", 0)),
        _v("few_visits", _c("visits_recent", "<", "visits_target", SHARE_OF_TARGET)),
        _v("calls", _c("calls_recent", "<", "calls_target", SHARE_OF_TARGET)),
        _v("messages", _c("messages_recent", "<", "messages_target", SHARE_OF_TARGET)),
        _v("tailing_off", _c("contacts_recent", "<", "contacts_pace", TAILING)),
        _v("silent", _c("contact_silence", ">", _t(Code.NEGLECT, "long_without_contact_days"))),
    ),
    Code.REP_CHANGE: (
        _v("unseen", _c("rep_unseen", ">", _t(Code.REP_CHANGE, "handover_days"))),
        _v("changed", _c("rep_changes", ">", 0)),
        _v("several", _c("reps", ">", 1)),
        _v("new", _c("rep_tenure", "<", NEW_REP)),
    ),
    Code.COMPETITOR: (_v("seen", _c("competitors", ">=", _t(Code.COMPETITOR, "seen"))),),
    Code.COMPLAINT: (
        _v("waiting", _c("complaints_open", ">", 0), _c("complaint_age", ">", _t(Code.COMPLAINT, "open_days"))),
        _v("unresolved", _c("complaints", ">", "complaints_resolved")),
        _v("made", _c("complaints", ">", 0)),
    ),
    Code.BROKEN_PROMISE: (
        _v(
            "overdue",
            _c("promises_overdue", ">", 0),
            _c("promise_late", ">", _t(Code.BROKEN_PROMISE, "overdue_days")),
        ),
        _v("not_kept", _c("promises_made", ">", "promises_kept")),
    ),
    Code.NO_RESPONSE: (
        _v("waiting", _c("inbound_open", ">", 0)),
        _v(
            "unanswered",
            _c("contact_silence", ">", "inbound_silence"),
            _c("inbound_silence", ">", _t(Code.NO_RESPONSE, "inbound_days")),
        ),
        _v("problems", _c("problems_open", ">", 0)),
    ),
    Code.PRESSURE: (
        _v("spike", _c("order_peak", ">", "order_usual", _t(Code.PRESSURE, "spike"))),
        _v("asks", _c("asks", ">", "gives")),
        _v("returns", _c("returns", ">", 0)),
        _v("cancelled", _c("cancelled", ">", 0)),
        _v("too_hot", _c("counted_recent", ">", "counted_target")),
    ),
    Code.SERVICE_FAILURE: (
        _v("late_share", _c("late", ">", "deliveries", LATE)),
        _v("short_share", _c("short", ">", "deliveries", SHORT)),
        _v("invoice_share", _c("invoice_errors", ">", "deliveries", WRONG)),
        _v("late", _c("late", ">", 0)),
        _v("short", _c("short", ">", 0)),
        _v("invoices", _c("invoice_errors", ">", 0)),
    ),
    Code.PRICE_POLICY: (_v("changed", _c("price_changes", ">=", _t(Code.PRICE_POLICY, "changes"))),),
    Code.SLOW_MOVING: (_v("reported", _c("slow", ">=", _t(Code.SLOW_MOVING, "reported"))),),
    Code.SMALL_NEGLECT: (_v("never", _c("tier", "is", "C"), _c("contacts_recent", "<=", FEW_CONTACTS)),),
    Code.MARKET_SHOCK: (
        _v("stock_out", _c("stock_outs", ">", 0)),
        _v("peers", _c("peer_pace", "<", _t(Code.MARKET_SHOCK, "fall"))),
    ),
    Code.ACCOUNT_CASH: (
        _v("overdue", _c("money_overdue", ">", 0), _c("overdue_age", ">", OVERDUE)),
        _v("unpaid", _c("dues", ">", "payments")),
    ),
    Code.CONDUCT: (_v("mood", _c("mood", "<", BAD_MOOD)),),
    Code.SHALLOW: (
        _v("left", _c("people_left", ">", 0)),
        _v("one", _c("people", ">", 0), _c("people", "<=", FEW_PEOPLE)),
        _v("thin_card", _c("card", "<", _t(Code.SHALLOW, "card_filled"))),
    ),
    Code.NATURAL: (_v("suspended", _c("suspensions", ">=", _t(Code.NATURAL, "suspensions"))),),
    Code.NO_FOLLOW_UP: (
        _v("missed", _c("deliveries_missed", ">", 0)),
        _v(
            "nobody",
            _c("contact_silence", ">", "delivery_silence"),
            _c("delivery_silence", ">", _t(Code.NO_FOLLOW_UP, "days")),
        ),
        _v("orders_missed", _c("orders_missed", ">", 0)),
    ),
}
"""What raises the churn probability."""

FALLING: Mapping[Code, tuple[Variant, ...]] = {
    Code.LONGER_SILENT: (_v("within_usual", _c("silence", "<=", "usual")), _v("days"), PLAIN),
    Code.ORDERS_FALLING: (
        _v("not_fewer", _c("orders_recent", ">=", "orders_pace", FALLEN)),
        _v("not_less", _c("money_recent", ">=", "money_pace", FALLEN)),
        PLAIN,
    ),
    Code.ORDERS_SMALLER: (_v("not_smaller", _c("order_size", ">=", "order_usual", SMALLER)), PLAIN),
    Code.RANGE_NARROWER: (
        _v("not_fewer", _c("products_recent", ">=", "products_before", NARROWER)),
        _v("few", _c("products_recent", ">", 0)),
        PLAIN,
    ),
    Code.LESS_REGULAR: (_v("spread", _c("spread", "<=", "usual", SPREAD)), PLAIN),
    Code.RELATION_AGE: (_v("age"), PLAIN),
    Code.RELATION_COOLER: (_v("credit", _c("balance", ">", IN_BALANCE)), PLAIN),
    Code.ORDER_LEVEL: (_v("orders"), PLAIN),
    Code.SEASON: (PLAIN,),
    Code.PROFILE: PROFILES,
    Code.NEGLECT: (
        _v("on_target", _c("visits_recent", ">=", "visits_target")),
        _v("kept_up", _c("contacts_recent", ">", 0)),
    ),
    Code.REP_CHANGE: (
        _v("same", _c("rep_changes", "==", 0)),
        _v("one", _c("reps", "==", 1)),
        _v("long", _c("rep_tenure", ">=", NEW_REP)),
    ),
    Code.COMPETITOR: (_v("none", _c("competitors", "==", 0)),),
    Code.COMPLAINT: (
        _v("none", _c("complaints", "==", 0)),
        _v("resolved", _c("complaints", ">", 0), _c("complaints_resolved", ">=", "complaints")),
    ),
    Code.BROKEN_PROMISE: (
        _v("kept", _c("promises_kept", ">", 0), _c("promises_kept", ">=", "promises_made")),
        _v("none_overdue", _c("promises_overdue", "==", 0)),
    ),
    Code.NO_RESPONSE: (
        _v("answered", _c("contact_silence", "<=", "inbound_silence")),
        _v("none_waiting", _c("inbound_open", "==", 0)),
    ),
    Code.PRESSURE: (
        _v("gives", _c("gives", ">", "asks")),
        _v("no_returns", _c("returns", "==", 0)),
    ),
    Code.SERVICE_FAILURE: (
        _v("none", _c("late", "==", 0), _c("short", "==", 0), _c("invoice_errors", "==", 0)),
        _v("on_time", _c("late", "==", 0)),
        _v("mostly", _c("deliveries", ">", 0), _c("late", "<=", "deliveries", LATE)),
    ),
    Code.PRICE_POLICY: (_v("stable", _c("price_changes", "==", 0)),),
    Code.SLOW_MOVING: (_v("none", _c("slow", "==", 0)),),
    Code.SMALL_NEGLECT: (_v("kept_up", _c("tier", "is", "C"), _c("contacts_recent", ">", FEW_CONTACTS)),),
    Code.MARKET_SHOCK: (
        _v("peers_hold", _c("peer_pace", ">=", 1.0)),
        _v("no_stock_out", _c("stock_outs", "==", 0)),
    ),
    Code.ACCOUNT_CASH: (
        _v("paid", _c("payments", ">", 0), _c("payments", ">=", "dues")),
        _v("none_overdue", _c("money_overdue", "==", 0)),
    ),
    Code.CONDUCT: (_v("mood", _c("mood", ">", BAD_MOOD)),),
    Code.SHALLOW: (
        _v("several", _c("people", ">", FEW_PEOPLE)),
        _v("full_card", _c("card", ">=", _t(Code.SHALLOW, "card_filled"))),
    ),
    Code.NATURAL: (_v("open", _c("suspensions", "==", 0)),),
    Code.NO_FOLLOW_UP: (
        _v("none_missed", _c("deliveries", ">", 0), _c("deliveries_missed", "==", 0)),
        _v("followed", _c("contact_silence", "<=", "delivery_silence")),
        _v("orders_followed", _c("orders_missed", "==", 0)),
    ),
}
"""What lowers it."""

VARIANTS: Mapping[Way, Mapping[Code, tuple[Variant, ...]]] = {"rising": RISING, "falling": FALLING}
