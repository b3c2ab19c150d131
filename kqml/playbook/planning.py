"""The playbook's planning section: the week's actions, a rep's week, help offers, the holdout."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer
from pydantic.dataclasses import dataclass

from kqml.playbook.codes import TIERS
from kqml.playbook.shapes import (
    STRICT,
    Amount,
    Channel,
    Code,
    Count,
    Name,
    Positive,
    Share,
    Tier,
    TimeOfDay,
    Words,
)


@dataclass(frozen=True, config=STRICT)
class ActionRule:
    """A week's package: what is done in the week with one account, what that takes.

    `contacts`: channel → number in the week. `minutes`, `stops`, `money`: for the whole week. `gift`: how much of the
    money is a gift to a person. `tiers`: to whom it may be given. `needs`: those of CONDITIONS that have to hold.
    """

    name: Name
    minutes: Amount
    stops: Count
    money: Amount
    gift: Amount = 0.0
    contacts: Mapping[Channel, Count] = Field(default_factory=dict)
    tiers: tuple[Tier, ...] = TIERS  # type: ignore[assignment]
    needs: Annotated[frozenset[Literal["open", "rep", "consent"]], PlainSerializer(sorted)] = frozenset()


@dataclass(frozen=True, config=STRICT)
class RepDefaults:
    """What a rep has in a week where the table of reps does not say."""

    minutes_per_week: Amount
    stops_per_week: Amount
    budget_per_week: Amount


@dataclass(frozen=True, config=STRICT)
class Workday:
    """A rep's day: its local `start`; its `minutes`, None: the week's by its working days; the speed between stores in
    kilometres as the crow flies."""

    start: TimeOfDay
    km_per_hour: Positive
    minutes: Positive | None = None


@dataclass(frozen=True, config=STRICT)
class HelpOffer:
    """Help that we may offer (domain §10) where one of the reason `codes` is shown.

    `segments`, `seasons`: to whom, when; empty: to all, always. `stages`: the help comes in these, each kept.
    `minutes`, `money`: what a stage takes on top of a visit.
    """

    name: Name
    title: Words
    codes: Annotated[tuple[Code, ...], Field(min_length=1)]
    stages: Annotated[tuple[Words, ...], Field(min_length=1)]
    minutes: Amount
    money: Amount
    segments: tuple[Name, ...] = ()
    seasons: tuple[Name, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Holdout:
    """The persistent random share of accounts that gets the playbook only, drawn anew every `term_weeks`."""

    share: Share
    salt: Name
    term_weeks: Annotated[Count, Field(gt=0)]
