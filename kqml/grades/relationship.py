"""The relationship grade (domain §7): five dimensions from 0 to 1, their weighted score, its grade."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, Instants
from kqml.events import EventKind
from kqml.grades.depth import DepthEvidence, asks_granted
from kqml.grades.emotional_account import balances
from kqml.grades.sales import net_sales
from kqml.history.closings import closed_at, is_closed, referral_closing
from kqml.history.event_log import NO_DUE, Indices
from kqml.history.known_history import Floats, KnownHistory
from kqml.history.retractions import NEVER
from kqml.playbook import Playbook
from kqml.playbook.codes import DIMENSIONS, GRADES

MONTH_DAYS = 30.4375
QUARTER_DAYS = 91.3125

LEAST_MEASURED = 0.5
"""The weight of the dimensions that must be recorded before a grade is given."""


@dataclass(frozen=True)
class RelationshipScore:
    """`dimensions`: each of DIMENSIONS, 0 to 1 per account, NaN where not recorded. `score`: Σ weight × dimension ÷ Σ
    weight over those recorded, NaN where these weigh less than LEAST_MEASURED. `parts`: the numbers behind them."""

    dimensions: Mapping[str, Floats]
    score: Floats
    parts: Mapping[str, Floats]


def relationship_score(known: KnownHistory, playbook: Playbook, start: int, result: DepthEvidence) -> RelationshipScore:
    """The score of `[start, cutoff)`; `result`: the evidence of depth over the same time.

    familiarity = mean(contacts met ÷ full, card filled ÷ full) · closeness = mean(meetings a month ÷ full, emotional
    balance at the end ÷ full) · sales support = mean(asks granted ÷ full, sales ÷ (those of the same days a year
    before × (1 + full growth))) · complaints = mean(1 − complaints a quarter ÷ none, 1 − age of the oldest open one ÷
    none) · receivables = mean(1 − mean days late ÷ none, 1 − overdue ÷ due ÷ none). Every part is cut to 0…1; a mean
    leaves out what is not recorded.
    """
    parts = _parts(known, playbook, start, result)
    full, none = playbook.relationship_grade.full, playbook.relationship_grade.none
    dimensions = {
        "familiarity": _mean(
            _marks(parts["contacts_met"], full.contacts_met), _marks(parts["card_filled"], full.card_filled)
        ),
        "closeness": _mean(
            _marks(parts["meetings_per_month"], full.meetings_per_month),
            _marks(parts["emotional_balance"], full.emotional_balance),
        ),
        "sales_support": _mean(
            _marks(parts["asks_granted"], full.asks_granted), _marks(parts["sales_ratio"], 1 + full.order_growth)
        ),
        "complaints": _mean(
            1 - _marks(parts["complaints_per_quarter"], none.complaints_per_quarter),
            1 - _marks(parts["complaint_open_days"], none.complaint_open_days),
        ),
        "receivables": _mean(
            1 - _marks(parts["overdue_days"], none.overdue_days),
            1 - _marks(parts["overdue_share"], none.overdue_share),
        ),
    }
    return RelationshipScore(dimensions, _score(dimensions, playbook), parts)


def grades_of(scores: Floats, thresholds: Mapping[str, float]) -> NDArray[np.object_]:
    """The first grade whose threshold a score reaches, D below all; None where there is no score."""
    grades = np.full(len(scores), GRADES[-1], dtype=object)
    for grade in reversed(GRADES[:-1]):
        grades[scores >= thresholds[grade]] = grade
    grades[np.isnan(scores)] = None
    return grades


def _parts(known: KnownHistory, playbook: Playbook, start: int, result: DepthEvidence) -> dict[str, Floats]:
    days = (known.cutoff - start) / DAY_US
    year = round(365 * DAY_US)
    before = net_sales(known, start - year, known.cutoff - year)
    sales = net_sales(known, start, known.cutoff)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(before > 0, sales / before, np.nan)
    return {
        "contacts_met": result.contacts_met,
        "card_filled": result.card_filled,
        "meetings_per_month": result.meetings / days * MONTH_DAYS,
        "emotional_balance": balances(known, playbook),
        "asks_granted": asks_granted(known, start),
        "sales_ratio": ratio,
        **_complaints(known, start, days),
        **_receivables(known, start),
    }


def _complaints(known: KnownHistory, start: int, days: float) -> dict[str, Floats]:
    """Complaints of the period brought to a quarter, the age of the oldest one that is open at the cutoff."""
    if not known.records([EventKind.COMPLAINT]):
        return dict.fromkeys(("complaints_per_quarter", "complaint_open_days"), _nothing(known))
    every = known.of_kinds([EventKind.COMPLAINT])
    output = known.log.occurred_at[every]
    open_ = ~is_closed(known, every, referral_closing(EventKind.COMPLAINT))
    oldest = np.zeros(known.log.account_count)
    np.maximum.at(oldest, known.log.account[every[open_]], known.days_before_cutoff(output[open_]))
    count = known.total(every[output >= start])
    result = known.records([EventKind.COMPLAINT_RESOLVED])
    return {
        "complaints_per_quarter": count / days * QUARTER_DAYS,
        "complaint_open_days": oldest if result else _nothing(known),
    }


def _receivables(known: KnownHistory, start: int) -> dict[str, Floats]:
    """Of what fell due in the period: the mean of days late (paid late, or not paid until the cutoff), the share of the
    money that is still open at the cutoff; NaN where nothing fell due."""
    indices, due = payments_due(known)
    inside = (due >= start) & (due < known.cutoff)
    indices, due = indices[inside], due[inside]
    paid = closed_at(known, indices, referral_closing(EventKind.PAYMENT_DUE))
    late = np.maximum(np.minimum(paid, known.cutoff) - due, 0) / DAY_US
    amount = np.nan_to_num(known.log.value("amount", indices), nan=1.0)
    count, money = known.total(indices), known.total(indices, amount)
    open_ = known.total(indices, amount * (paid == NEVER))
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "overdue_days": np.where(count > 0, known.total(indices, late) / count, np.nan),
            "overdue_share": np.where(money > 0, open_ / money, np.nan),
        }


def payments_due(known: KnownHistory) -> tuple[Indices, Instants]:
    """Where payments fall due, with the instants: their `due_at`, else when the event itself happened.

    None where payments received are not recorded: nothing would tell whether they were made.
    """
    indices = known.of_kinds([EventKind.PAYMENT_DUE] if known.records([EventKind.PAYMENT_RECEIVED]) else [])
    occurred = known.log.occurred_at[indices]
    due = known.log.due(indices)
    return indices, np.where(due == NO_DUE, occurred, due)


def _score(dimensions: Mapping[str, Floats], playbook: Playbook) -> Floats:
    weights = np.array([playbook.relationship_grade.weights[name] for name in DIMENSIONS])
    values = np.column_stack([dimensions[name] for name in DIMENSIONS])
    measured = (~np.isnan(values)) @ weights
    with np.errstate(invalid="ignore"):
        return np.where(measured >= LEAST_MEASURED, np.nan_to_num(values) @ weights / measured, np.nan)


def _marks(values: Floats, full: float) -> Floats:
    return np.asarray(np.clip(values / full, 0.0, 1.0), dtype=np.float64)


def _mean(first: Floats, second: Floats) -> Floats:
    """The mean of what is recorded of two parts, NaN where neither is."""
    return np.where(np.isnan(first), second, np.where(np.isnan(second), first, (first + second) / 2))


def _nothing(known: KnownHistory) -> Floats:
    return np.full(known.log.account_count, np.nan)
