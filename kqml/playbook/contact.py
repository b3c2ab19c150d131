"""What the playbook asks of contact: what counts, festivals, personal days, reciprocity, limits."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from kqml.playbook.codes import CHANNELS
from kqml.playbook.shapes import (
    STRICT,
    Amount,
    Asks,
    Count,
    Festival,
    Kind,
    ListOf,
    Name,
    PerChannel,
    PerTier,
    Positive,
    Share,
    Tier,
    TimeOfDay,
    Words,
)


@dataclass(frozen=True, config=STRICT)
class Counting:
    """What counts as a contact of a channel: events of its `kinds`.

    It counts fully with at least `min_minutes` of its channel and at least `min_authenticity`, each where it is
    recorded; otherwise it counts `part_share`.
    """

    kinds: Annotated[Mapping[str, tuple[Kind, ...]], ListOf(CHANNELS)]
    min_minutes: PerChannel
    min_authenticity: Share
    part_share: Share

    def worth(
        self, channel: str, minutes: NDArray[np.float64], authenticity: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What each contact of a channel counts; NaN where it does not say how long or how real it was."""
        partial = (minutes < self.min_minutes[channel]) | (authenticity < self.min_authenticity)
        return np.where(partial, self.part_share, 1.0)


@dataclass(frozen=True, config=STRICT)
class FestivalRule:
    """What a festival asks: tier → channels, from `days_before` its day to `days_after`; `gift`: tiers with a gift."""

    festival: Festival
    asks: Asks
    gift: tuple[Tier, ...]
    days_before: Count
    days_after: Count


@dataclass(frozen=True, config=STRICT)
class PersonalDayRule:
    """What a contact's day asks: tier → channels, from `days_before` the day to `days_after` it.

    Milestones and misfortunes come unforeseen: their days count from when they are known, `days_before` is 0.
    """

    asks: Asks
    days_before: Count
    days_after: Count


@dataclass(frozen=True, config=STRICT)
class PersonalDays:
    """The rule of each personal day (domain §2)."""

    birthday: PersonalDayRule
    milestone: PersonalDayRule
    misfortune: PersonalDayRule


@dataclass(frozen=True, config=STRICT)
class Reciprocity:
    """What a rep asks and gives in a calendar month (domain §3); trainings count at accounts of `training_tiers`."""

    asks_per_rep_month: Amount
    problems_per_account_month: PerTier
    trainings_per_rep_month: Amount
    training_tiers: tuple[Tier, ...]


@dataclass(frozen=True, config=STRICT)
class ResponseTimes:
    """Days within which a complaint is resolved, an inbound contact is answered, a promise without a date is kept.

    `complaint_visit_workdays`: working days after the day of a complaint within which it is settled by a visit, 0 for
    no visit (domain §13). `handover_visit_days`: days within which a rep visits an account that another one looked
    after before, 0 for no visit. `…_expires_days`: days after its due date from which nobody is required to act on it.
    """

    complaint_days: Positive
    complaint_visit_workdays: Count
    inbound_days: Positive
    promise_days: Positive
    complaint_expires_days: Positive
    inbound_expires_days: Positive
    promise_expires_days: Positive
    handover_visit_days: PerTier
    handover_expires_days: Positive


@dataclass(frozen=True, config=STRICT)
class Tolerance:
    """Contacts ÷ target below which an account is looked after too coldly, above which too hotly."""

    too_cold: Amount
    too_hot: Positive


@dataclass(frozen=True, config=STRICT)
class QuietHours:
    """Local time of day in `[start, end)` at which nobody is contacted; it runs past midnight where end < start."""

    start: TimeOfDay
    end: TimeOfDay

    def covers(self, clock: time) -> bool:
        """Return whether nobody is contacted at a local time of day."""
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, config=STRICT)
class ContactLimits:
    """What is never exceeded (domain §11): gifts per person and calendar year in money, hours, contacts."""

    gift_cap: Amount
    gifts_at_festivals_only: bool
    quiet_hours: QuietHours
    week: PerChannel
    month: PerChannel
    suppression_after_rejections: Annotated[Count, Field(gt=0)]
    suppression_days: Amount


@dataclass(frozen=True, config=STRICT)
class SeasonRule:
    """A stretch of the year, first and last day as `MM-DD`; it runs past New Year where `end` < `start`."""

    name: Name
    start: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
    end: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


@dataclass(frozen=True, config=STRICT)
class Item:
    """An entry with a name for the program, words for people."""

    name: Name
    title: Words


OTHER_ROLE = "other"
"""The role of `minutes_by_role` that stands for all that it does not name."""


def _with_others(minutes: Mapping[str, float]) -> Mapping[str, float]:
    if OTHER_ROLE not in minutes:
        raise ValueError(f"the role {OTHER_ROLE!r} is missing: it stands for every role that is not named")
    return minutes


@dataclass(frozen=True, config=STRICT)
class VisitGuide:
    """What a visit brings home, its steps (domain §4), its planned minutes by the role of the contact (domain §13)."""

    bring_home: tuple[Item, ...]
    steps: tuple[Item, ...]
    minutes_by_role: Annotated[Mapping[Name, Positive], AfterValidator(_with_others)]

    def minutes_with(self, roles: Iterable[str]) -> float:
        """Return the planned minutes of a visit to contacts with these roles: those of the longest; those of other
        roles where none is known."""
        others = self.minutes_by_role[OTHER_ROLE]
        return max((self.minutes_by_role.get(role, others) for role in roles), default=others)
