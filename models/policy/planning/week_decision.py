"""A company's week decided: guardrails, musts, cadence, ranks, exploration, holdout, allocation."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kqml.playbook.codes import CHANNELS
from models.policy.allocation.cadence import exploration, no_floors, shortfall_costs, tier_indices, with_floors
from models.policy.allocation.problem import NOT_BOOKED, WAIT, Actions, AllocationProblem, Flags, Floats, Indices
from models.policy.allocation.required_contacts import RequiredContacts, required_contacts
from models.policy.exploration.randomisation import ExplorationDraws, draw_exploration, holdout_accounts, uniform_draws
from models.policy.exploration.week import DecidedWeek, decide_week
from models.policy.guardrails.account_state import AccountState, account_states
from models.policy.guardrails.rules import RULES, GuardrailResult, apply_guardrails
from models.policy.planning.assessment import AccountAssessment
from models.policy.planning.company import Company, capacities, earlier_compliance
from models.policy.planning.holdout import playbook_actions
from models.policy.planning.offers import Names, action_costs, choose_offers
from models.policy.planning.ranking import RankedActions, rank_actions

POLICY = "kqml-week@3"
"""Raised whenever the same knowledge leads to other decisions."""


@dataclass(frozen=True)
class WeekPlan:
    """Everything decided for a week; arrays are per account of the company. `held`: in the holdout, it gets the
    playbook only. `decided`: active accounts that somebody is in charge of, for which nothing stands against deciding;
    the others are no decisions. `offers`: per account the help offer that answers one of its reasons."""

    company: Company
    assessment: AccountAssessment
    ranked: RankedActions
    situation: AccountState
    guarded: GuardrailResult
    required: RequiredContacts
    problem: AllocationProblem
    week: DecidedWeek
    held: Flags
    decided: Flags
    offers: Names

    @property
    def actions(self) -> tuple[str, ...]:
        return self.problem.actions.names


def plan_week(
    company: Company,
    assessment: AccountAssessment,
    rejected: Floats,
    undecided: Flags | None = None,
    top: float | None = None,
) -> WeekPlan:
    """The plan that follows from what is known; the same input gives the same plan, to the last bit.

    `rejected` (n × K): recommendations rejected within the playbook's suppression days. `undecided` (n): accounts about
    which nothing is decided. `top`: of `models.policy.planning.ranking.urgency_scale`.
    """
    playbook, ids = company.playbook, company.account_ids
    situation = account_states(company.book, playbook, company.week, company.cutoff, rejected)
    guarded = _with_nobody(apply_guardrails(situation, playbook), company.owner)
    required = required_contacts(company.duties, list(ids))
    offers = choose_offers(company, assessment.reasons)
    ranked = rank_actions(assessment, playbook, offers, top)
    decided = situation.active & (company.owner >= 0)
    if undecided is not None:
        decided &= ~undecided
    held = holdout_accounts(playbook.holdout, ids, company.week.first) & decided
    problem = _problem(company, guarded, required, ranked.score, (tier_indices(situation.tier), held, decided))
    problem = replace(problem, own_cost=action_costs(playbook, offers))
    week = decide_week(problem, _exploration_draws(company, problem, required.due, (held, decided)))
    week = replace(week, evaluable=week.evaluable & decided)
    return WeekPlan(company, assessment, ranked, situation, guarded, required, problem, week, held, decided, offers)


def reasons_given(plan: WeekPlan) -> NDArray[np.str_]:
    """Why each account gets what it gets: a code of the allocation, or `playbook` in the holdout."""
    given = plan.week.allocation.given_for
    own = plan.held & ~plan.problem.must
    return np.asarray(np.where(own, np.where(plan.week.assigned == WAIT, "nothing", "playbook"), given))


def _with_nobody(guarded: GuardrailResult, owner: Indices) -> GuardrailResult:
    """Where nobody is in charge nothing can be done."""
    rule = guarded.rule.copy()
    alone = (owner < 0)[:, None] & guarded.allowed
    alone[:, 0] = False
    rule[alone] = RULES.index("rep")
    return replace(guarded, rule=rule)


def _problem(
    company: Company,
    guarded: GuardrailResult,
    required: RequiredContacts,
    score: Floats,
    groups: tuple[Indices, Flags, Flags],
) -> AllocationProblem:
    """Accounts without a rep stand with a rep of their own who has no hours. Held-out accounts have no rank, so that
    nothing but musts and their playbook package reaches them. `groups`: tier, held, decided."""
    tier, held, decided = groups
    playbook, ranked = company.playbook, decided & ~held
    actions = Actions.of(playbook)
    reps = len(company.rep_ids) + 1
    rep = np.where(company.owner < 0, reps - 1, company.owner)
    due = np.where(ranked[:, None], required.due, 0.0)
    problem = AllocationProblem(
        actions=actions,
        rep=rep,
        tier=tier,
        net_value=np.where(ranked[:, None], score, 0.0),
        allowed=guarded.allowed,
        fulfils=required.fulfils(actions) & decided[:, None],
        booked=np.full(len(rep), NOT_BOOKED),
        due=due,
        shortfall_cost=shortfall_costs(playbook, tier),
        capacity=np.vstack([capacities(company), np.zeros(3)]),
        floor=no_floors(reps),
    )
    return with_floors(problem, playbook)


def _exploration_draws(
    company: Company, problem: AllocationProblem, due: Floats, groups: tuple[Flags, Flags]
) -> ExplorationDraws:
    """Return the exploration draws; accounts in the holdout are booked their playbook action."""
    held, decided = groups
    playbook, ids, name = company.playbook, company.account_ids, company.week_name
    salt = playbook.holdout.salt
    epsilon = exploration(playbook, problem.tier, problem.must | held | ~decided)
    explored = draw_exploration(
        problem.allowed, epsilon, *(uniform_draws(salt, f"{what} {name}", ids) for what in ("coin", "draw"))
    )
    draws = np.column_stack([uniform_draws(salt, f"holdout {channel} {name}", ids) for channel in CHANNELS])
    retained = np.vstack([earlier_compliance(company), np.zeros(len(CHANNELS))])[problem.rep]
    own = playbook_actions(problem.actions, due, retained, problem.allowed, draws)
    booked = np.where(own == NOT_BOOKED, 0, own)
    return replace(explored, action=np.where(held & ~problem.must, booked, explored.action))
