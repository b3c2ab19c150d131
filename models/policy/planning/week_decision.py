"""Decision of a company's week: guardrails, required actions, cadence, ranks, exploration, holdout, allocation."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kqml.playbook.codes import CHANNELS
from models.policy.allocation.cadence import exploration, no_floors, shortfall_costs, tier_indices, with_floors
from models.policy.allocation.leftovers import GIVEN
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

POLICY = "kqml-week@4"
"""The version of the procedure: increase it whenever the same inputs lead to other decisions."""


@dataclass(frozen=True)
class WeekOptions:
    """What may be done in a week and what it is worth; arrays have one element per account of the company.

    `holdout`: accounts that get the playbook only. `decided`: active accounts with a rep for which a decision may be
    made. `offers`: the help offer that answers one of the account's reasons, or None.
    """

    company: Company
    assessment: AccountAssessment
    ranked: RankedActions
    situation: AccountState
    guarded: GuardrailResult
    required: RequiredContacts
    problem: AllocationProblem
    holdout: Flags
    decided: Flags
    offers: Names

    @property
    def actions(self) -> tuple[str, ...]:
        return self.problem.actions.names


@dataclass(frozen=True)
class WeekPlan(WeekOptions):
    """The options with all decisions of the week, by the version of a procedure."""

    week: DecidedWeek
    policy: str = POLICY


def plan_week(
    company: Company,
    assessment: AccountAssessment,
    rejected: Floats,
    undecided: Flags | None = None,
    top: float | None = None,
) -> WeekPlan:
    """Plan a week; the same input gives the same plan, to the last bit. Parameters as for `week_options`."""
    options = week_options(company, assessment, rejected, undecided, top)
    week = decide_week(options.problem, _book_holdout(options, exploration_draws(options, options.holdout)))
    return WeekPlan(**vars(options), week=replace(week, evaluable=week.evaluable & options.decided))


def week_options(
    company: Company,
    assessment: AccountAssessment,
    rejected: Floats,
    undecided: Flags | None = None,
    top: float | None = None,
) -> WeekOptions:
    """Return the guardrails, required actions and ranks of each account.

    `rejected` (n × K): recommendations rejected within the playbook's suppression days. `undecided` (n): accounts that
    get no decision. `top`: of `models.policy.planning.ranking.urgency_scale`.
    """
    playbook, ids = company.playbook, company.account_ids
    situation = account_states(company.book, playbook, company.week, company.cutoff, rejected)
    guarded = _without_owner(apply_guardrails(situation, playbook), company.owner)
    required = required_contacts(company.duties, list(ids))
    offers = choose_offers(company, assessment.reasons)
    ranked = rank_actions(assessment, playbook, offers, top)
    decided = situation.active & (company.owner >= 0)
    if undecided is not None:
        decided &= ~undecided
    holdout = holdout_accounts(playbook.holdout, ids, company.week.first) & decided
    problem = _problem(company, guarded, required, ranked.score, (tier_indices(situation.tier), holdout, decided))
    problem = replace(problem, own_cost=action_costs(playbook, offers))
    return WeekOptions(company, assessment, ranked, situation, guarded, required, problem, holdout, decided, offers)


def reasons_given(plan: WeekPlan) -> NDArray[np.str_]:
    """Return why each account gets its action: a code of the allocation or of next actions, `playbook` in the holdout
    where nothing was decided before."""
    given = plan.week.allocation.given_for
    own = plan.holdout & ~plan.problem.must & np.isin(given, GIVEN)
    return np.asarray(np.where(own, np.where(plan.week.assigned == WAIT, "nothing", "playbook"), given))


def _without_owner(guarded: GuardrailResult, owner: Indices) -> GuardrailResult:
    """Return the guardrails with every action but `wait` blocked where an account has no rep."""
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
    """Return the allocation problem. `groups`: tier, holdout, decided.

    Accounts without a rep belong to an additional rep without capacity. Holdout accounts have no net values, so that
    they get required actions and those of the playbook only.
    """
    tier, holdout, decided = groups
    playbook, ranked = company.playbook, decided & ~holdout
    actions = Actions.of(playbook)
    reps = len(company.rep_ids) + 1
    rep = np.where(company.owner < 0, reps - 1, company.owner)
    due = np.where(ranked[:, None], required.due, 0.0)
    capacity = np.vstack([capacities(company, company.today if company.is_running else None), np.zeros(3)])
    possible = guarded.allowed & (actions.cost[None] <= capacity[rep][:, None]).all(axis=2)
    problem = AllocationProblem(
        actions=actions,
        rep=rep,
        tier=tier,
        net_value=np.where(ranked[:, None], score, 0.0),
        allowed=guarded.allowed,
        fulfils=required.fulfils(actions, possible) & decided[:, None],
        booked=np.full(len(rep), NOT_BOOKED),
        due=due,
        shortfall_cost=shortfall_costs(playbook, tier),
        capacity=capacity,
        floor=no_floors(reps),
    )
    return with_floors(problem, playbook)


def exploration_draws(options: WeekOptions, excluded: Flags) -> ExplorationDraws:
    """Return the exploration draws of the week: keyed hashes of account and week. Required actions, undecided and
    `excluded` (n) accounts do not explore."""
    company, problem = options.company, options.problem
    salt, ids, name = company.playbook.holdout.salt, company.account_ids, company.week_name
    epsilon = exploration(company.playbook, problem.tier, problem.must | excluded | ~options.decided)
    draws = (uniform_draws(salt, f"{what} {name}", ids) for what in ("coin", "draw"))
    return draw_exploration(problem.allowed, epsilon, *draws)


def _book_holdout(options: WeekOptions, explored: ExplorationDraws) -> ExplorationDraws:
    """Return the draws with the playbook's action for accounts in the holdout."""
    company, problem = options.company, options.problem
    salt, ids, name = company.playbook.holdout.salt, company.account_ids, company.week_name
    draws = np.column_stack([uniform_draws(salt, f"holdout {channel} {name}", ids) for channel in CHANNELS])
    retained = np.vstack([earlier_compliance(company), np.zeros(len(CHANNELS))])[problem.rep]
    own = playbook_actions(problem.actions, options.required.due, retained, problem.allowed, draws)
    booked = np.where(own == NOT_BOOKED, 0, own)
    return replace(explored, action=np.where(options.holdout & ~problem.must, booked, explored.action))
