"""Advice on a churn definition from its audit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kqml.errors import Refused
from kqml.history.mass_departures import MassDeparture
from models.churn.splits import split_cutoffs

if TYPE_CHECKING:
    from models.churn.label_audit.report import LabelAudit

GRADED_FROM = 100
"""Distinct churned accounts below which a model stays ungraded (design §6)."""

OFTEN_RETURNED = 0.25
OFTEN_LONGER = 0.10
OFTEN_CENSORED = 0.05
MOSTLY_SILENT = 0.5
MONTH_SWING = 1.5
FEWEST_IN_MONTH = 500
LATE_DAYS = 7.0
RARE, COMMON = 0.005, 0.5
TEST_SHARE = 0.25


@dataclass(frozen=True)
class Advice:
    """A sentence of the topic `audit.advice` with its numbers."""

    code: str
    values: Mapping[str, object]


def advice_on(audit: "LabelAudit") -> tuple[Advice, ...]:
    """Everything worth saying, in the order of the audit's parts; `fine` where there is nothing."""
    result = (
        *map(on_departure, audit.mass_departures),
        *_on_amount(audit),
        *_on_window(audit),
        *_on_rows(audit),
        *_on_calendar(audit),
    )
    return result or (Advice("fine", {}),)


def on_departure(departure: MassDeparture) -> Advice:
    """Return the advice on accounts that stop together; it comes first, because it puts all labels in doubt."""
    return Advice(departure.code, {**vars(departure), "share": departure.share})


def _on_amount(audit: "LabelAudit") -> Iterator[Advice]:
    accounts = audit.groups.all.accounts
    if accounts < GRADED_FROM:
        yield Advice("few_departures", {"accounts": accounts, "needed": GRADED_FROM})
    if _is_short(audit):
        yield Advice("short_timeline", {"cutoffs": len(audit.cutoffs)})
    rate = audit.groups.all.churn_rate or 0.0
    if not RARE <= rate <= COMMON:
        yield Advice("rare" if rate < RARE else "common", {"rate": rate})


def _is_short(audit: "LabelAudit") -> bool:
    try:
        return split_cutoffs(audit.cutoffs, audit.matures, TEST_SHARE).short
    except Refused:
        return True


def _on_window(audit: "LabelAudit") -> Iterator[Advice]:
    if audit.definition.gap == 0:
        yield Advice("gap_zero", {})
    elif audit.groups.all.churned and audit.groups.silent.churned >= MOSTLY_SILENT * audit.groups.all.churned:
        yield Advice("mostly_silent", {"share": audit.groups.silent.churned / audit.groups.all.churned})
    if (audit.groups.all.returned_share or 0.0) > OFTEN_RETURNED:
        yield _many_return(audit)
    if (audit.personal.longer or 0.0) > OFTEN_LONGER:
        values = {"share": audit.personal.longer, "k": audit.personal.k, "days": audit.personal.p90_days}
        yield Advice("slow_orderers", {**values, "horizon": audit.definition.horizon})


def _many_return(audit: "LabelAudit") -> Advice:
    """With the shortest horizon after which few return, where there is one."""
    now = {"share": audit.groups.all.returned_share, "horizon": audit.definition.horizon}
    rates = [rate for rate in audit.windows if rate.gap == audit.definition.gap]
    for rate in rates:
        share = rate.groups.all.returned_share
        if rate.horizon > audit.definition.horizon and share is not None and share <= OFTEN_RETURNED:
            return Advice("many_return", {**now, "better": rate.horizon, "then": share})
    return Advice("many_return_anyway", now)


def _on_rows(audit: "LabelAudit") -> Iterator[Advice]:
    if (audit.censored_share or 0.0) > OFTEN_CENSORED:
        yield Advice("many_censored", {"share": audit.censored_share})
    if audit.immature:
        yield Advice("immature", {"rows": audit.immature})
    if audit.label_lag_days > LATE_DAYS:
        yield Advice("late_records", {"days": audit.label_lag_days})


def _on_calendar(audit: "LabelAudit") -> Iterator[Advice]:
    if audit.stretches:
        deepest = max(audit.stretches, key=lambda stretch: stretch.expected - stretch.orders)
        yield Advice("undeclared_quiet", {**vars(deepest), "count": len(audit.stretches)})
    usual = audit.groups.all.churn_rate or 0.0
    rates = [(month.churn_rate, month.month) for month in audit.quiet.months if month.rows >= FEWEST_IN_MONTH]
    rate, month = max(((rate or 0.0, month) for rate, month in rates), default=(0.0, 0))
    if rate > MONTH_SWING * usual:
        yield Advice("month_swing", {"month": month, "rate": rate, "usual": usual})
