"""The plan of a week as rows and totals."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired, cast

import numpy as np
import pandas as pd
from annotated_types import Len
from typing_extensions import TypedDict

from kqml.bands import Band
from kqml.contract.claims import ClaimedMoney, ExpectedMoney
from kqml.contract.fields import Count, Probability
from models.churn.reasons.reasons import Reason
from models.policy.allocation.problem import WAIT, Indices
from models.policy.brief.brief import BriefWriter
from models.policy.brief.inputs import BriefInputs
from models.policy.planning.claims import PlanClaims
from models.policy.planning.week_decision import WeekPlan, reasons_given
from models.value.expected_sum import expected_sums
from models.value.net import MONEY

STOPS, MINUTES = 1, 0
Usage = Annotated[list[float], Len(2, 2)]
GivenFor = Literal["must", "explored", "value", "floor", "playbook"]


class PlanReason(TypedDict):
    """Why an account is at risk."""

    code: str
    direction: Literal["rising", "falling"]
    text: str


class BriefLines(TypedDict):
    """A brief, by part (`models.policy.brief.brief.Brief`)."""

    why: list[str]
    musts: list[str]
    open: list[str]
    last: list[str]
    ask: list[str]
    offer: list[str]
    steps: list[str]
    hours: list[str]
    personal: list[str]


class PlanRow(TypedDict):
    """The recommendation for an account.

    `probability`: propensity of the action. `effect`, `net_value`: of its group, on margin over the horizon; null where
    they are not claimed.
    """

    account_id: str
    name: str | None
    rep_id: str
    tier: Literal["A", "B", "C"] | None
    action: str
    given_for: GivenFor
    minutes: float
    stops: float
    money: float
    churn_probability: Probability | None
    band: Band | None
    value_at_risk: float | None
    effect: ClaimedMoney | None
    net_value: ClaimedMoney | None
    basis: Literal["randomised", "observational", "prior", "unknown"]
    probability: Probability
    reasons: list[PlanReason]
    brief: NotRequired[BriefLines]


class PlanTotals(TypedDict):
    """Sums over the accounts with a recommendation.

    `value_at_risk`: null where no account has one. `net_value` sums randomised evidence only; null while its interval
    includes zero.
    """

    recommended: Count
    actions: dict[str, Count]
    given_for: dict[GivenFor, Count]
    minutes: float
    stops: float
    money: float
    value_at_risk: ExpectedMoney | None
    net_value: ClaimedMoney | None


class RepWeek(TypedDict):
    """The week of a rep.

    `minutes`, `stops`, `money`: used and available. `overflows`: required actions alone exceed the capacity.
    `slot_price`: value of one more visit, null where the plan's net value is not claimed.
    """

    rep_id: str
    accounts: Count
    recommended: Count
    minutes: Usage
    stops: Usage
    money: Usage
    overflows: bool
    slot_price: ClaimedMoney | None


def recommended_actions(plan: WeekPlan, rep: str | None = None) -> Indices:
    """Return the accounts with a recommendation, of one rep or of all, sorted by rep, required actions first, then
    value at risk."""
    recommended = plan.decided & (plan.week.assigned != WAIT)
    if rep is not None:
        recommended &= plan.company.owner == plan.company.rep_ids.index(rep)
    who = np.flatnonzero(recommended)
    effect_scale = np.nan_to_num(plan.assessment.at_risk[who])
    return np.asarray(
        who[np.lexsort((who, -effect_scale, ~plan.problem.must[who], plan.company.owner[who]))], dtype=np.int64
    )


def plan_rows(plan: WeekPlan, claims: PlanClaims, who: Indices, language: str) -> list[PlanRow]:
    """Return one row for each of these accounts.

    `effect`, `net_value` (money over the horizon) are those of the account's group, the accounts with the same action,
    scaled to the account's size; None while the group's interval includes zero, or without supported effects.
    """
    chosen, names = plan.week.assigned, account_names(plan)
    given, cost = reasons_given(plan), plan.problem.cost
    return [
        {
            "account_id": str(plan.company.account_ids[i]),
            "name": names[i],
            "rep_id": plan.company.rep_ids[plan.company.owner[i]],
            "tier": plan.situation.tier[i] or None,
            "action": plan.actions[chosen[i]],
            "given_for": cast(GivenFor, str(given[i])),
            "minutes": float(cost[i, chosen[i], MINUTES]),
            "stops": float(cost[i, chosen[i], STOPS]),
            "money": float(cost[i, chosen[i], MONEY]),
            "churn_probability": _number(plan.assessment.probability[i]),
            "band": plan.assessment.band[i],
            "value_at_risk": _number(plan.assessment.at_risk[i]),
            "effect": None if (claim := claims.account_effect(i)) is None else claim[0].columns(),
            "net_value": None if claim is None else claim[1].columns(),
            "basis": plan.ranked.basis[i, chosen[i]],
            "probability": float(plan.week.probability[i]),
            "reasons": [_reason(reason, language) for reason in plan.assessment.reasons[i]],
        }
        for i in who.tolist()
    ]


def with_briefs(
    plan: WeekPlan, who: Indices, rows: Sequence[PlanRow], material: BriefInputs, language: str
) -> list[PlanRow]:
    """Return the rows with their briefs."""
    writer = BriefWriter(plan.company, material)
    briefs = (
        writer.write(row["account_id"], row["action"], plan.assessment.reasons[account_index])
        for account_index, row in zip(who.tolist(), rows, strict=True)
    )
    return [
        {**row, "brief": cast(BriefLines, brief.in_words(language))} for row, brief in zip(rows, briefs, strict=True)
    ]


def totals(plan: WeekPlan, claims: PlanClaims, who: Indices, rows: Sequence[PlanRow]) -> PlanTotals:
    """Return the totals of the rows; `who`: the accounts among them whose actions the plan decided.

    `net_value` sums randomised evidence of `who` only, with its interval; None without such evidence, or while its
    interval includes zero.
    """
    net = claims.net_value(who)
    counts = Counter(row["action"] for row in rows)
    return {
        "recommended": len(rows),
        "actions": {name: counts[name] for action, name in enumerate(plan.actions) if action != WAIT},
        "given_for": dict(Counter(row["given_for"] for row in rows)),
        "minutes": sum(row["minutes"] for row in rows),
        "stops": sum(row["stops"] for row in rows),
        "money": sum(row["money"] for row in rows),
        "value_at_risk": _value_at_risk(rows),
        "net_value": None if net is None else net.columns(),
    }


def _value_at_risk(rows: Sequence[PlanRow]) -> ExpectedMoney | None:
    pairs = [(row["churn_probability"], row["value_at_risk"]) for row in rows]
    known = np.array([(risk, value / risk) for risk, value in pairs if risk and value is not None], dtype=np.float64)
    if not len(known):
        return None
    (lost,) = expected_sums(known[:, 0], known[:, 1:])
    return {"value": lost.mean, "low": lost.low, "high": lost.high, "basis": "churn_probability"}


def rep_rows(plan: WeekPlan, claims: PlanClaims, rep: str | None = None) -> list[RepWeek]:
    """Return one row for each rep with accounts: used and available capacity, and the marginal value of one more visit.

    That value is money, with an interval, only where the plan's net value is claimed.
    """
    visit = plan.problem.actions.cost[_visit(plan)]
    price, used = plan.week.allocation.slot_price(visit), plan.week.allocation.used
    owners = sorted(set(plan.company.owner[plan.decided].tolist()))
    return [
        {
            "rep_id": plan.company.rep_ids[rep_index],
            "accounts": int((plan.decided & (plan.company.owner == rep_index)).sum()),
            "recommended": len(recommended_actions(plan, plan.company.rep_ids[rep_index])),
            "minutes": [float(used[rep_index, MINUTES]), float(plan.problem.capacity[rep_index, MINUTES])],
            "stops": [float(used[rep_index, STOPS]), float(plan.problem.capacity[rep_index, STOPS])],
            "money": [float(used[rep_index, MONEY]), float(plan.problem.capacity[rep_index, MONEY])],
            "overflows": bool(plan.week.allocation.overflows[rep_index]),
            "slot_price": claims.marginal(float(price[rep_index])),
        }
        for rep_index in owners
        if rep in (None, plan.company.rep_ids[rep_index])
    ]


def left_out(plan: WeekPlan, rep: str | None = None) -> dict[str, int]:
    """Return how many accounts did not get their most valuable action, by reason."""
    counted = plan.decided & ~plan.holdout
    if rep is not None:
        counted &= plan.company.owner == plan.company.rep_ids.index(rep)
    return dict(Counter(str(reason) for reason in plan.week.allocation.left_out[counted] if reason))


def _visit(plan: WeekPlan) -> int:
    """Return the index of the action `visit`, else of the first with a stop, else of the last."""
    if "visit" in plan.actions:
        return plan.actions.index("visit")
    stops = np.flatnonzero(plan.problem.actions.cost[:, STOPS] > 0)
    return int(stops[0]) if len(stops) else len(plan.actions) - 1


def account_names(plan: WeekPlan) -> list[str | None]:
    """Return the name of each account, None where the data have none."""
    accounts = plan.company.dataset.accounts()
    if "name" not in accounts:
        return [None] * len(plan.company.account_ids)
    result = accounts["name"].reindex(pd.Index(plan.company.account_ids)).astype(object)
    return list(result.where(result.notna(), None))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _reason(reason: Reason, language: str) -> PlanReason:
    return {"code": reason.code.value, "direction": reason.direction, "text": reason.text(language)}
