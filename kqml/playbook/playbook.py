"""The playbook as one value: all that a company may decide about looking after its accounts."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from kqml.playbook.codes import CHANNELS, CONDITIONS
from kqml.playbook.contact import (
    ContactLimits,
    Counting,
    FestivalRule,
    PersonalDays,
    Reciprocity,
    ResponseTimes,
    SeasonRule,
    Tolerance,
    VisitGuide,
)
from kqml.playbook.planning import ActionRule, HelpOffer, Holdout, RepDefaults, Workday
from kqml.playbook.relationship import (
    CardField,
    DepthRules,
    EmotionalEntry,
    Omission,
    OverallClass,
    RelationshipGrade,
)
from kqml.playbook.shapes import (
    STRICT,
    Amount,
    Code,
    Count,
    Country,
    Name,
    Number,
    PerTierAndChannel,
    Positive,
    Share,
    SharePerTier,
)

__all__ = ["CHANNELS", "CONDITIONS", "Playbook"]


@dataclass(frozen=True, config=STRICT)
class Playbook:
    """`country`: whose working days count. `cadence`: tier → channel → contacts per month. `actions`: the first one is
    to do nothing. `margin_rate`: segment → share of an amount that is margin. `facts`: reason code → name of a
    threshold → number. `priors`: action → its index in the order the company assumes, empty as shipped.
    `minute_cost`, `shortfall_cost` (of a missing contact): money. `abc`: shares of sales that make the classes."""

    name: Name
    country: Country
    cadence: PerTierAndChannel
    cadence_floor: SharePerTier
    shortfall_cost: PerTierAndChannel
    counting: Counting
    festivals: tuple[FestivalRule, ...]
    personal_days: PersonalDays
    reciprocity: Reciprocity
    answers: ResponseTimes
    tolerance: Tolerance
    limits: ContactLimits
    seasons: tuple[SeasonRule, ...]
    visit: VisitGuide
    emotional: tuple[EmotionalEntry, ...]
    emotional_omissions: tuple[Omission, ...]
    depth: DepthRules
    relationship_grade: RelationshipGrade
    abc: tuple[Share, Share, Share]
    overall: OverallClass
    card: tuple[CardField, ...]
    facts: Mapping[Code, Mapping[str, Number]]
    no_follow_up_days: Positive
    actions: Annotated[tuple[ActionRule, ...], Field(min_length=1)]
    rep: RepDefaults
    workday: Workday
    minute_cost: Amount
    margin_rate: Mapping[str, Share]
    help_offers: tuple[HelpOffer, ...]
    priors: Mapping[str, Annotated[Count, Field(gt=0)]]
    exploration: SharePerTier
    holdout: Holdout

    @property
    def action_names(self) -> tuple[str, ...]:
        return tuple(action.name for action in self.actions)

    @cached_property
    def content(self) -> dict[str, Any]:
        """Everything that it says, as plain tables, lists, text, numbers."""
        plain: dict[str, Any] = TypeAdapter(type(self)).dump_python(self, mode="json")
        return plain

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the content; the layout of the file, the order of its keys do not matter."""
        canonical = json.dumps(self.content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def version(self) -> str:
        """Name with the short fingerprint, as duties and decisions carry it."""
        return f"{self.name}@{self.fingerprint[:12]}"

    def eligible(self, tier: NDArray[np.object_], conditions: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """Return accounts × actions: may it be given? `conditions` has an array for each of CONDITIONS."""
        columns = []
        for action in self.actions:
            allowed = np.isin(tier, action.tiers)
            for need in sorted(action.needs):
                allowed = allowed & conditions[need]
            columns.append(allowed)
        return np.column_stack(columns)


def playbook_from(content: Mapping[str, Any]) -> Playbook:
    """Return the playbook with the `content` of another; raises ValueError where it does not fit this version."""
    return TypeAdapter(Playbook).validate_python(dict(content))
