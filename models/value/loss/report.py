"""The loss report: revenue lost to churn in a period and expected to be lost next, by group."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.churn_definition import ChurnDefinition
from features.context import context_of
from features.definitions import Code
from features.rows import Rows
from kqml.dataset.folder import Dataset
from models.churn.scoring import Scorer
from models.value.loss.account_groups import account_groups
from models.value.loss.arithmetic import ExpectedLoss, Loss, by_group, expected_of, loss_of
from models.value.loss.causes import LossCauses, explain_expected_losses, explain_losses
from models.value.loss.lost import Customers, LossPeriod, Mask, customers_in_period
from models.value.loss.revenue import Texts, YearlyRevenue, estimate_revenue

WAYS = ("tier", "region", "rep", "reason")
NOT_ASKED = "not_asked"
"""The reason of a loss that no model was asked about."""


@dataclass(frozen=True)
class AccountLabels:
    """Accounts with their yearly value, grouped by each of WAYS and by segment."""

    rows: Rows
    worth: YearlyRevenue
    groups: Mapping[str, Texts]


@dataclass(frozen=True)
class AtStake:
    """The accounts eligible at the period's end, scored by a model."""

    assessment: LossCauses
    filed: AccountLabels

    def expected(self, chosen: Mask) -> ExpectedLoss:
        return expected_of(self.filed.worth, self.assessment.probability, chosen)


@dataclass(frozen=True)
class LossGroup:
    """The loss of a group and its expected loss. `name`: None where unknown. A part without accounts is None."""

    name: str | None
    lost: Loss | None
    expected: ExpectedLoss | None


@dataclass(frozen=True)
class LossReport:
    """`filed`: the period's customers, in the order of `customers`; a customer that was not lost has no reason.

    `at_stake`: None without a model.
    """

    period: LossPeriod
    definition: ChurnDefinition
    customers: Customers
    filed: AccountLabels
    at_stake: AtStake | None

    @property
    def lost(self) -> Loss:
        return self._loss(np.ones(len(self.customers), dtype=np.bool_), "")

    @property
    def expected(self) -> ExpectedLoss | None:
        return None if self.at_stake is None else self.at_stake.expected(np.ones(len(self.at_stake.filed.rows), bool))

    @property
    def unrated(self) -> tuple[str, ...]:
        """Segments of lost or eligible accounts without a margin rate; '' where the segment is not known."""
        parts = [self.filed.groups["segment"][self.customers.lost & np.isnan(self.filed.worth.margin)]]
        if self.at_stake is not None:
            parts.append(self.at_stake.filed.groups["segment"][np.isnan(self.at_stake.filed.worth.margin)])
        return tuple(sorted({str(segment or "") for keys in parts for segment in keys}))

    def by(self, way: str) -> tuple[LossGroup, ...]:
        """Return the groups of one of WAYS, those that lost most first."""
        lost = {name: self._loss(mask, way) for name, mask in by_group(self.filed.groups[way]).items()}
        expected: dict[str | None, ExpectedLoss] = {}
        if self.at_stake is not None:
            masks = by_group(self.at_stake.filed.groups[way])
            expected = {name: self.at_stake.expected(mask) for name, mask in masks.items()}
        if way == "reason":
            lost.pop(None, None)
        groups = [LossGroup(name, lost.get(name), expected.get(name)) for name in dict.fromkeys([*lost, *expected])]
        return tuple(sorted(groups, key=_weight, reverse=True))

    def _loss(self, chosen: Mask, way: str) -> Loss:
        """Return the loss of a group, out of its customers; for reps, out of all customers, because owners change."""
        customers = len(chosen) if way in ("rep", "reason") else int(chosen.sum())
        return loss_of(self.filed.worth, self.customers.lost & chosen, self.customers.returned, customers)


def report_loss(
    dataset: Dataset,
    period: LossPeriod,
    definition: ChurnDefinition,
    margin_rate: Mapping[str, float],
    scorer: Scorer | None = None,
) -> LossReport:
    """Report the losses of a period that the data cover and, with a model, the expected losses after its end."""
    log = dataset.event_log().settled()
    context = context_of(dataset.info, dataset.accounts(), log)
    customers = customers_in_period(log, context, definition, period)
    then = Rows(customers.account, np.minimum(customers.lost_at, period.end))
    groups = dict(account_groups(dataset, then))
    worth = estimate_revenue(log, customers.rows(), groups["segment"], margin_rate)
    groups["reason"] = _reasons(dataset, customers, scorer)
    filed = AccountLabels(then, worth, groups)
    if scorer is None:
        return LossReport(period, definition, customers, filed, None)
    at_stake = _at_stake(dataset, explain_expected_losses(scorer, dataset, context, period.end), margin_rate)
    return LossReport(period, definition, customers, filed, at_stake)


def _at_stake(dataset: Dataset, assessment: LossCauses, margin_rate: Mapping[str, float]) -> AtStake:
    """Return the value of the scored accounts as known at their cutoff."""
    log = dataset.event_log()
    cutoff = assessment.rows.cutoff.max(initial=0)
    known = log.keep(log.visible_before(cutoff))
    groups = account_groups(dataset, assessment.rows)
    worth = estimate_revenue(known, assessment.rows, groups["segment"], margin_rate)
    return AtStake(assessment, AccountLabels(assessment.rows, worth, {**groups, "reason": assessment.cause}))


def _reasons(dataset: Dataset, customers: Customers, scorer: Scorer | None) -> Texts:
    """Return the reason of each lost customer: `natural` where it closed, else the model's; None for those not lost."""
    reasons = np.full(len(customers), None, dtype=object)
    reasons[customers.lost] = NOT_ASKED
    if scorer is not None:
        silent = np.flatnonzero(customers.lost & ~customers.closed)
        rows = customers.rows()
        context = context_of(dataset.info, dataset.accounts(), dataset.event_log())
        reasons[silent] = explain_losses(scorer, dataset, context, Rows(rows.account[silent], rows.cutoff[silent]))
    reasons[customers.closed] = Code.NATURAL.value
    return reasons


def _weight(group: LossGroup) -> tuple[float, ...]:
    """Return the sort key: margin, revenue, number lost, then expected loss; groups without any come last."""
    lost, expected = group.lost, group.expected
    weights = (0.0, 0.0, 0.0) if lost is None else (lost.margin or 0.0, lost.revenue or 0.0, float(lost.lost))
    return float(group.name is not None), *weights, 0.0 if expected is None else expected.lost.mean
