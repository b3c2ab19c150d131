"""Planning of a week from a dataset: learn, assess, decide."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from features.context import context_of
from features.profile import profile_of
from features.rows import Rows
from kqml.dataset.folder import Dataset
from kqml.duties.overrides import DutyOverride
from kqml.duties.period import Period
from kqml.errors import Fault, Refused
from kqml.playbook import Playbook
from models.churn.scoring import Scorer
from models.churn.scoring_request import ScoringRequest
from models.policy.allocation.problem import Flags, Floats, Indices
from models.policy.guardrails.log_columns import rejections
from models.policy.planning.assessment import AccountAssessment, Sink, assess_accounts, unassessed
from models.policy.planning.company import Company, read_company
from models.policy.planning.learned_state import UNLEARNED, LearnedState, LearningEvidence
from models.policy.planning.learning import learn_effects, learn_value
from models.policy.planning.ranking import urgency_scale
from models.policy.planning.week_decision import WeekPlan, plan_week
from models.uplift.decision_log import DecisionLog
from models.value.expected import ValueModel
from models.value.margins import margin_rates


@dataclass(frozen=True)
class PlanRequest:
    """The inputs of a plan.

    `scorer`: None plans by required actions and cadence only. `log`: earlier decisions, if any. `learned`: a learned
    state to reuse. `objecting`: accounts that object to automated recommendations. `reps`: whose weeks are decided,
    None for all; `decided`, `decided_accounts`: reps and accounts to leave out because they were decided before.
    `declared`: duties marked manually.
    """

    playbook: Playbook
    week: Period
    scorer: Scorer | None = None
    log: DecisionLog | None = None
    learned: LearnedState | None = None
    objecting: frozenset[str] = field(default_factory=frozenset)
    reps: frozenset[str] | None = None
    decided: frozenset[str] = field(default_factory=frozenset)
    declared: tuple[DutyOverride, ...] = ()
    decided_accounts: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class PlannedWeek:
    """The plan with its learned state. `objecting` (n): accounts left out because they object."""

    plan: WeekPlan
    learned: LearnedState
    objecting: Flags

    @property
    def evidence(self) -> LearningEvidence:
        return self.learned.evidence

    @property
    def value(self) -> ValueModel | None:
        """The value model; None without a model."""
        return self.learned.value


@dataclass(frozen=True)
class AssessedCompany:
    """The assessment of each account of a company with what it was made by. `objecting` (n): accounts that object."""

    assessment: AccountAssessment
    learned: LearnedState
    objecting: Flags


def plan_dataset(
    dataset: Dataset,
    request: PlanRequest,
    sink: Sink | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> PlannedWeek:
    """Return the plan of a week at Monday's local midnight; nothing known later is looked at.

    `sink` gets the feature rows.
    """
    tell("duties")
    dataset = dataset.known_before(request.week.instants(dataset.info.time_zone)[0])
    company = read_company(dataset, request.playbook, request.week, request.declared)
    assessed = assess_company(company, request, sink, tell)
    tell("allocating")
    undecided = assessed.objecting | _not_requested(company, request)
    rejected, top = rejected_actions(company, request), assessed.learned.top
    plan = plan_week(company, assessed.assessment, rejected, undecided, top)
    return PlannedWeek(plan, assessed.learned, assessed.objecting & plan.situation.active & (company.owner >= 0))


def assess_company(
    company: Company,
    request: PlanRequest,
    sink: Sink | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> AssessedCompany:
    """Assess each account at the company's cutoff; those that object are left unassessed.

    Raises Refused where no account has a rep.
    """
    _refuse_nothing(company)
    log_ids = company.dataset.event_log().accounts
    assessment, learned = unassessed(len(log_ids), len(request.playbook.action_names)), UNLEARNED
    if request.scorer is not None:
        tell("learning")
        learned = request.learned or learn_from_log(company, request.scorer, request.log)
        tell("assessing")
        assessment = _evaluate(company, request, learned, sink or _nowhere)
    objecting = np.isin(company.account_ids, list(request.objecting))
    result = assessment.take(pd.Index(log_ids).get_indexer(pd.Index(company.account_ids))).without(objecting)
    learned = replace(learned, top=urgency_scale(result)) if learned.top is None else learned
    return AssessedCompany(result, learned, objecting)


def learn_from_log(company: Company, scorer: Scorer, log: DecisionLog | None) -> LearnedState:
    """Learn the value model and effects from the company's past, as known at the cutoff."""
    value = learn_value(scorer, company.dataset, company.playbook, company.cutoff)
    return LearnedState(value, learn_effects(scorer, company.dataset, log, company.playbook, company.cutoff))


def _not_requested(company: Company, requested: PlanRequest) -> Flags:
    """Return the accounts that are not to be decided: of other reps, or decided before."""
    request = set(company.rep_ids if requested.reps is None else requested.reps) - requested.decided
    decide = np.array([*(rep in request for rep in company.rep_ids), False])
    singly = np.isin(company.account_ids, list(requested.decided_accounts))
    return np.asarray(~decide[company.owner] | singly, dtype=bool)


def _nowhere(accounts: Indices, values: Floats) -> None:
    """Keep no feature rows."""


def _refuse_nothing(company: Company) -> None:
    if not company.rep_ids or not (company.owner >= 0).any():
        fault = Fault("owner_rep_id", "no account has an owner in that week", "import the owner of each account")
        raise Refused("There is no rep to plan the week for.", [fault])


def _evaluate(company: Company, requested: PlanRequest, learned: LearnedState, sink: Sink) -> AccountAssessment:
    assert requested.scorer is not None
    dataset, log = company.dataset, company.dataset.event_log()
    profile = profile_of(dataset, Rows.grid(log.account_count, np.array([company.cutoff], dtype=np.int64)))
    words = {str(name): profile[name].tolist() for name in profile}
    peers = requested.scorer.bundle.peers if requested.reps is not None else None
    request = ScoringRequest(log, context_of(dataset.info, dataset.accounts(), log), company.cutoff, words, peers)
    rate = margin_rates(dataset, requested.playbook)
    return assess_accounts(requested.scorer, request, learned, rate, len(requested.playbook.action_names), sink)


def rejected_actions(company: Company, request: PlanRequest) -> Floats:
    """Return n × K: recommendations rejected within the playbook's suppression days."""
    ids, actions = list(company.account_ids), request.playbook.action_names
    if request.log is None:
        return np.zeros((len(ids), len(actions)))
    days = request.playbook.limits.suppression_days
    return rejections(request.log.decisions, request.log.states, ids, actions, company.cutoff, days)
