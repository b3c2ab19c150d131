"""The grades of every account and the overall class of them (domain §7)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.grades.credit import credit
from kqml.grades.customer_card import FilledFields, filled_by_events
from kqml.grades.depth import depth_evidence, depth_levels, single_contact
from kqml.grades.inputs import GradeInputs
from kqml.grades.periods import TRAILING_DAYS, GradePeriod
from kqml.grades.relationship import grades_of, relationship_score
from kqml.grades.sales import abc_classes, net_sales
from kqml.history.known_history import Floats, KnownHistory, known_history
from kqml.playbook import Playbook
from kqml.playbook.codes import CLASS_PARTS, DIMENSIONS

Texts = NDArray[np.object_]

CHUNK = 1_000
"""Accounts looked at together: what bounds the memory, what fits a cache."""

GRADED_COLUMNS = ("level", "single_contact", "relationship_grade")

Column = NDArray[np.generic]
Advance = Callable[[int], None]


def overall_classes(grades: Mapping[str, Texts], playbook: Playbook) -> tuple[Texts, Floats]:
    """Per account its class and its score: Π points[grade] ^ (weight ÷ Σ weights), over the parts that have a grade.

    `grades`: each of CLASS_PARTS; that of results is the 532 class, without which there is no class (None, NaN).
    """
    rules = playbook.overall
    points = np.column_stack([_points(grades[part], rules.points) for part in CLASS_PARTS])
    weights = np.where(np.isnan(points), 0.0, np.array([rules.weights[part] for part in CLASS_PARTS]))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(np.isnan(points), 0.0, np.log(points))
        score = np.exp((np.where(weights > 0, logs, 0.0) * weights).sum(axis=1) / weights.sum(axis=1))
    score[np.isnan(points[:, CLASS_PARTS.index("results")])] = np.nan
    return grades_of(score, rules.classes), score


def _points(grades: Texts, points: Mapping[str, float]) -> Floats:
    return np.array([points.get(str(grade), np.nan) for grade in grades], dtype=np.float64)


@dataclass(frozen=True)
class AccountGrades:
    """One period's columns, one entry per account of the log; NaN and None where not recorded.

    Depth looks at the playbook's window before the period's end, the relationship's dimensions at the period, sales
    and the 532 class at the year before its end, the emotional balance at all that was booked before it.
    """

    period: GradePeriod
    columns: Mapping[str, Column]


def grade_accounts(
    material: GradeInputs, periods: Sequence[GradePeriod], advance: Advance = lambda done: None
) -> tuple[AccountGrades, ...]:
    """The standings of all accounts at the end of each period; `advance` is told how many accounts are done."""
    parts: list[list[dict[str, Column]]] = [[] for _ in periods]
    for start in range(0, material.log.account_count, CHUNK):
        chunk = material.between(start, min(start + CHUNK, material.log.account_count))
        for position, period in enumerate(periods):
            parts[position].append(_of_accounts(chunk, period))
        advance(chunk.log.account_count)
    return tuple(_ranked(material, period, part) for period, part in zip(periods, parts, strict=True))


def known_at_end(material: GradeInputs, period: GradePeriod) -> KnownHistory:
    """What was known at the end of a period."""
    return known_history(material.log, period.end, material.first_known)


def card_now(material: GradeInputs, known: KnownHistory) -> FilledFields:
    """The customer card of now: what the tables hold, what was noted in between."""
    return filled_by_events(known, material.playbook.card) | material.card


def _of_accounts(material: GradeInputs, period: GradePeriod) -> dict[str, Column]:
    """All that an account's standing is by itself."""
    playbook, known = material.playbook, known_at_end(material, period)
    is_now = period.end >= material.now
    card = _card_filled(material, known)
    deep = depth_evidence(known, playbook, card)
    score = relationship_score(known, playbook, period.start, depth_evidence(known, playbook, card, period.start))
    required = credit(known, playbook, material.credit, now=is_now)
    columns = {
        "level": depth_levels(deep, playbook),
        **deep.criteria,
        "channels": deep.channels,
        "single_contact": single_contact(deep, playbook),
        "emotional_balance": score.parts["emotional_balance"],
        **{name: score.dimensions[name] for name in DIMENSIONS},
        "relationship_score": score.score,
        "relationship_grade": grades_of(score.score, playbook.relationship_grade.grades),
        "sales": net_sales(known, period.end - TRAILING_DAYS * DAY_US, period.end),
        "credit_grade": required.grade,
        "credit_basis": required.basis,
        "credit_cs": required.cs,
        "paid_in_time": required.character,
        **({"card_complete": card_now(material, known).share} if is_now else {}),
    }
    return columns | _unjudged(columns, known.total(known.events) == 0)


def _unjudged(columns: Mapping[str, Column], unknown: NDArray[np.bool_]) -> dict[str, Column]:
    """The judgements without those on accounts of which nothing was known, such as before they opened."""
    words = {name: np.where(unknown, None, columns[name]) for name in GRADED_COLUMNS}  # type: ignore[call-overload]
    numbers = {name: np.where(unknown, np.nan, columns[name]) for name in ("relationship_score", *DIMENSIONS)}
    return words | numbers


def _card_filled(material: GradeInputs, known: KnownHistory) -> Floats:
    """The share of the card that was known then, NaN where no card was ever recorded as it was filled: the tables say
    what is known now, which would make every past relationship look shallower than the present one."""
    if not known.records([EventKind.CARD_UPDATED]):
        return np.full(known.log.account_count, np.nan)
    return filled_by_events(known, material.playbook.card).share


def _ranked(material: GradeInputs, period: GradePeriod, parts: Sequence[Mapping[str, Column]]) -> AccountGrades:
    """With what an account is among all: its 532 class, from which the overall class follows."""
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
    if not columns:
        return AccountGrades(period, columns)
    abc = abc_classes(columns["sales"].astype(np.float64), material.playbook.abc)
    grades = {"results": abc, "relationship": columns["relationship_grade"], "credit": columns["credit_grade"]}
    whole, score = overall_classes(
        {part: np.asarray(grade, dtype=object) for part, grade in grades.items()}, material.playbook
    )
    return AccountGrades(period, {**columns, "abc": abc, "overall_score": score, "overall_class": whole})
