"""The playbook as values: cadence, the week's packages, what a rep has, margins."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHANNELS = ("visit", "call", "message")
CONDITIONS = ("open", "rep", "consent")
"""What a package may need: the shop open in that week, a rep in charge, consent to be contacted."""


@dataclass(frozen=True)
class Package:
    """A week's package: what is done in the week with one account, what that takes.

    `contacts`: channel → number in the week. `minutes`, `stops`, `money`: for the whole week. `tiers`: to whom it
    may be given. `needs`: those of CONDITIONS that have to hold.
    """

    name: str
    contacts: Mapping[str, int]
    minutes: float
    stops: int
    money: float
    tiers: tuple[str, ...]
    needs: frozenset[str]


@dataclass(frozen=True)
class RepDefaults:
    """What a rep has in a week where the table of reps does not say."""

    minutes_per_week: float
    stops_per_week: float
    budget_per_week: float


@dataclass(frozen=True)
class Playbook:
    """`cadence`: tier → channel → contacts per month. `packages`: the first one is to do nothing. `margin_rate`:
    segment → share of an amount that is margin. `fingerprint`: of the file's content, not of its layout."""

    name: str
    cadence: Mapping[str, Mapping[str, float]]
    packages: tuple[Package, ...]
    rep: RepDefaults
    margin_rate: Mapping[str, float]
    fingerprint: str

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(package.name for package in self.packages)

    def eligible(self, tier: NDArray[np.object_], conditions: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """Accounts × packages: may it be given? `conditions` has an array for each of CONDITIONS."""
        columns = []
        for package in self.packages:
            allowed = np.isin(tier, package.tiers)
            for need in sorted(package.needs):
                allowed = allowed & conditions[need]
            columns.append(allowed)
        return np.column_stack(columns)
