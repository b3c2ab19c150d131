"""The arithmetic of losses: counts and yearly money summed by group."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.contract.fields import Count
from models.value.expected_sum import ExpectedSum, expected_sums
from models.value.loss.revenue import Floats, Texts, YearlyRevenue

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Loss:
    """What a group of customers lost, in money per year. `revenue` is None without amounts, `margin` also where a lost
    account's segment has no margin rate. `returned`: how many of the lost ordered again; `revenue_returned`,
    `margin_returned`: the part of the money that these brought."""

    customers: int
    lost: int
    returned: int
    revenue: float | None
    margin: float | None
    revenue_returned: float | None
    margin_returned: float | None

    @property
    def share(self) -> float | None:
        return self.lost / self.customers if self.customers else None


@dataclass(frozen=True)
class ExpectedLoss:
    """What a group of accounts is expected to lose; money per year, None as in Loss."""

    accounts: Count
    lost: ExpectedSum
    revenue: ExpectedSum | None
    margin: ExpectedSum | None


def loss_of(worth: YearlyRevenue, lost: Mask, returned: Mask, customers: int) -> Loss:
    """Return the loss of those of the indices that are `lost`, out of `customers`."""
    again = lost & returned
    return Loss(
        customers=customers,
        lost=int(lost.sum()),
        returned=int(again.sum()),
        revenue=_total(worth.revenue[lost]),
        margin=_total(worth.margin[lost]),
        revenue_returned=_total(worth.revenue[again]),
        margin_returned=_total(worth.margin[again]),
    )


def expected_of(worth: YearlyRevenue, probability: Floats, chosen: Mask) -> ExpectedLoss:
    """Return the expected loss of those chosen: Σ P, Σ P × yearly revenue, Σ P × yearly margin."""
    probabilities = probability[chosen]
    amounts = np.column_stack([np.ones(len(probabilities)), worth.revenue[chosen], worth.margin[chosen]])
    lost, revenue, margin = expected_sums(probabilities, np.nan_to_num(amounts))
    has_revenue, has_margin = (not np.isnan(money).any() for money in (amounts[:, 1], amounts[:, 2]))
    return ExpectedLoss(len(probabilities), lost, revenue if has_revenue else None, margin if has_margin else None)


def _total(money: Floats) -> float | None:
    total = float(money.sum())
    return None if np.isnan(total) else total


def by_group(groups: Texts) -> Mapping[str | None, Mask]:
    """Return each group's indices, in the order of names, None (not known) last."""
    names = sorted({name for name in groups if name is not None})
    unknown = np.array([name is None for name in groups], dtype=np.bool_)
    result: dict[str | None, Mask] = {name: np.asarray(groups == name, dtype=np.bool_) for name in names}
    return {**result, None: unknown} if unknown.any() else result
