"""How the playbook judges a relationship: emotional account, depth, grades, classes, the customer card."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from kqml.playbook.codes import CLASS_PARTS, DIMENSIONS, GRADES
from kqml.playbook.shapes import STRICT, Count, Kind, ListOf, Name, Number, Positive, Share, Words

Weights = Annotated[Mapping[str, Share], ListOf(DIMENSIONS)]
Thresholds = Annotated[Mapping[str, Share], ListOf(GRADES[:-1])]
"""Grade → the least score it takes; below the last one the grade is D."""


@dataclass(frozen=True, config=STRICT)
class EmotionalEntry:
    """What an event of a kind, with `topic` where one is given, pays in (weight > 0) or draws out (< 0).

    After `half_life_days` half of it is left. An entry with a topic goes before the one of its kind without.
    """

    kind: Kind
    weight: Number
    half_life_days: Positive
    topic: Name | None = None


@dataclass(frozen=True, config=STRICT)
class Omission:
    """What is drawn out where an event stays without an answer of one of `answered_by` within `days`.

    Without `days`, until its `due_at`. It is booked at the end of that time.
    """

    kind: Kind
    answered_by: Annotated[tuple[Kind, ...], Field(min_length=1)]
    weight: Annotated[Number, Field(lt=0)]
    half_life_days: Positive
    days: Positive | None = None


@dataclass(frozen=True, config=STRICT)
class DepthLevel:
    """What a level takes at least; `asks_granted`, `card_filled`: shares."""

    contacts_met: Count
    meetings: Count
    problems_solved: Count
    asks_granted: Share
    card_filled: Share


@dataclass(frozen=True, config=STRICT)
class DepthRules:
    """The levels of domain §6, counted over the last `window_days`."""

    window_days: Positive
    basic: DepthLevel
    middle: DepthLevel
    high: DepthLevel


@dataclass(frozen=True, config=STRICT)
class FullScoreAt:
    """The number at which a part of a dimension earns full marks; proportionally less below it."""

    contacts_met: Positive
    card_filled: Positive
    meetings_per_month: Positive
    emotional_balance: Positive
    asks_granted: Positive
    order_growth: Positive


@dataclass(frozen=True, config=STRICT)
class ZeroScore:
    """The number at which a part of a dimension earns nothing; proportionally more below it."""

    complaints_per_quarter: Positive
    complaint_open_days: Positive
    overdue_days: Positive
    overdue_share: Positive


@dataclass(frozen=True, config=STRICT)
class RelationshipGrade:
    """The grade of domain §7: five dimensions, each 0 to 1, weighed to a score; `grades`: its thresholds."""

    weights: Weights
    grades: Thresholds
    full: FullScoreAt
    none: ZeroScore


@dataclass(frozen=True, config=STRICT)
class OverallClass:
    """results × relationship × credit: the product of `points[grade] ** weights[part]`; `classes`: its thresholds."""

    weights: Annotated[Mapping[str, Share], ListOf(CLASS_PARTS)]
    points: Annotated[Mapping[str, Share], ListOf(GRADES)]
    classes: Thresholds


@dataclass(frozen=True, config=STRICT)
class CardField:
    """A field of the customer card; `source`: `table.column`, or `table.attributes.key`. Weights are relative."""

    name: Name
    source: Annotated[str, Field(pattern=r"^(accounts|contacts)\.[a-z_]+(\.[a-z_0-9]+)?$")]
    weight: Positive
    title: Words
