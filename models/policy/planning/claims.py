"""What money a plan may claim: totals with intervals that hold although actions were chosen for their effects."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

import numpy as np

from kqml.contract.claims import ClaimedMoney, PlanEvidence
from kqml.messages import text
from models.policy.allocation.problem import Flags, Floats, Indices
from models.policy.planning.learned_state import LEAST_PRECISION, LearningEvidence, weeks_until
from models.policy.planning.week_decision import WeekPlan
from models.uplift.effect_calibration import TotalEffect
from models.uplift.fitted import Basis
from models.value.net import costs


@dataclass(frozen=True)
class MoneyInterval:
    """An amount of money with its 95 % interval and the evidence it rests on."""

    value: float
    low: float
    high: float
    basis: Literal["randomised"] = "randomised"

    def columns(self) -> ClaimedMoney | None:
        """The amount as results hold it; None while its interval includes zero."""
        if not self.claimed:
            return None
        return {"value": self.value, "low": self.low, "high": self.high, "basis": self.basis}

    @property
    def claimed(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0

    def times(self, factor: float) -> "MoneyInterval":
        """The same in proportion; `factor` above 0."""
        return MoneyInterval(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, amount: float) -> "MoneyInterval":
        """The same with an amount added that is known."""
        return MoneyInterval(self.value + amount, self.low + amount, self.high + amount)


@dataclass(frozen=True)
class PlanClaims:
    """What a plan's actions are worth over the horizon, against waiting. None where no effect is used.

    `evidence`: what the effects were learned from."""

    plan: WeekPlan
    evidence: LearningEvidence

    def net_value(self, who: Indices) -> MoneyInterval | None:
        """The net value of the actions of these accounts together."""
        measured = self._measured(who)
        if not len(measured):
            return None
        playbook, row = self.plan.company.playbook, self.plan.week.assigned[measured]
        spent = float(costs(self.plan.problem.cost[measured, row], playbook.minute_cost).sum())
        return _interval(self._total(measured)).plus(-spent)

    def account_effect(self, account: int) -> tuple[MoneyInterval, MoneyInterval] | None:
        """Effect and net value of an account's action by its group, the accounts that get the same action, at the
        account's size. None where nothing supports them, or while the group's interval includes zero."""
        action, share = int(self.plan.week.assigned[account]), float(self._shares[account])
        if not share or not self._groups[action].claimed:
            return None
        spent = float(costs(self.plan.problem.cost[account, action], self.plan.company.playbook.minute_cost))
        effect = self._groups[action].times(share)
        return effect, effect.plus(-spent)

    def action_value(self, account: int, action: int) -> MoneyInterval | None:
        """Net value of any action for an account, by the average effect of the action at the account's size. None where
        nothing supports it."""
        effects, basis = self.evidence.effects, self.plan.ranked.basis[account, action]
        if effects is None or not action or basis != Basis.RANDOMISED.value:
            return None
        if not np.isfinite(self.plan.assessment.effect[account, action]):
            return None
        spent = float(costs(self.plan.problem.cost[account, action], self.plan.company.playbook.minute_cost))
        scale = self.plan.assessment.scale[[account]]
        return _interval(effects.calibration.total(np.array([action]), scale)).plus(-spent)

    @cached_property
    def _groups(self) -> Mapping[int, MoneyInterval]:
        """Action → its total effect on the accounts of the plan that get it."""
        return {action: _interval(self._total(mine)) for action, mine in self._members.items()}

    @cached_property
    def _shares(self) -> Floats:
        """Per account its share in the total effect of its group, 0 where nothing is known."""
        result = np.zeros(len(self.plan.decided))
        if self.evidence.effects is not None:
            for mine in self._members.values():
                result[mine] = self.evidence.effects.calibration.shares(self.plan.assessment.scale[mine])
        return result

    @cached_property
    def _members(self) -> Mapping[int, Indices]:
        chosen, measured = self.plan.week.assigned, self._measured(np.flatnonzero(self.plan.decided))
        return {action: measured[chosen[measured] == action] for action in sorted(set(chosen[measured].tolist()))}

    def marginal(self, price: float) -> ClaimedMoney | None:
        """What one more unit is worth that the plan prices at `price` by its best guess, corrected as the whole plan's
        net value is; None while that is not claimed."""
        who = self._measured(np.flatnonzero(self.plan.decided))
        claim = self.net_value(who)
        if claim is None or claim.low <= 0:
            return None
        guessed = float(self.plan.ranked.score[who, self.plan.week.assigned[who]].sum())
        return claim.times(price / guessed).columns() if guessed > 0 else None

    def more_weeks(self, claim: MoneyInterval | None) -> int | None:
        """Weeks like those of the log until the interval of a claim of this size would leave zero out; None where it
        does, or where the best guess is not above zero."""
        if claim is None:
            return self.evidence.more_weeks
        if claim.claimed or claim.value <= 0:
            return None
        return weeks_until(self.evidence.weeks, (claim.value - claim.low) / claim.value)

    def _measured(self, who: Indices) -> Indices:
        """Those of the accounts whose action rests on randomised evidence."""
        if self.evidence.effects is None:
            return who[:0]
        chosen = self.plan.week.assigned[who]
        basis = self.plan.ranked.basis[who, chosen] == Basis.RANDOMISED.value
        known: Flags = np.isfinite(self.plan.assessment.effect[who, chosen])
        return np.asarray(who[basis & known & (chosen > 0)], dtype=np.int64)

    def _total(self, who: Indices) -> TotalEffect:
        assert self.evidence.effects is not None
        assessment, chosen = self.plan.assessment, self.plan.week.assigned[who]
        return self.evidence.effects.calibration.total(chosen, assessment.scale[who])


def plan_evidence(claims: PlanClaims, who: Indices) -> PlanEvidence:
    """What a plan of these accounts ranks by and why: a code of the messages `plan.evidence` with its numbers.
    `more_weeks`: of a log like this one, until effects may be used, or until the net value can be told from zero; None
    where that does not apply."""
    evidence, claim = claims.evidence, claims.net_value(who)
    code, weeks = evidence.why, claims.more_weeks(claim)
    if claim is not None and not claim.claimed:
        code = "no_gain_seen" if weeks is None else "not_distinguishable"
    elif claim is not None and claim.high < 0:
        code = "loss"
    return cast(
        PlanEvidence, {"code": code, "rows": evidence.rows, "precision": evidence.precision, "more_weeks": weeks}
    )


def evidence_text(evidence: Mapping[str, Any], language: str) -> str:
    """The sentence for `plan_evidence`."""
    numbers = {name: evidence[name] or 0 for name in ("rows", "precision", "more_weeks")}
    return text(f"plan.evidence.{evidence['code']}", language, **numbers, least=LEAST_PRECISION)


def _interval(total: TotalEffect) -> MoneyInterval:
    return MoneyInterval(total.value, total.low, total.high)
