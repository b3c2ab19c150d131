"""From a dataset to the plan of a week: learn, judge, decide."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.context import context_of
from features.profile import profile_of
from features.rows import Rows
from kqml.dataset import Dataset
from kqml.duties.period import Period
from kqml.errors import Fault, Refused
from kqml.playbook import Playbook
from models.allocation.problem import Floats, Places
from models.asked import Asked
from models.effects.decision_log import DecisionLog
from models.guardrails.logged import rejections
from models.margins import margin_rates
from models.policy.company import Company, read_company
from models.policy.judged import Judged, Sink, judge, unjudged
from models.policy.learning import Evidence, learn_effects, learn_value
from models.policy.week import WeekPlan, plan_week
from models.scoring import Scorer
from models.value.expected import ValueModel


@dataclass(frozen=True)
class Wish:
    """What is asked for. `scorer`: None plans by musts and cadence alone. `log`: earlier decisions, where there are."""

    playbook: Playbook
    week: Period
    scorer: Scorer | None = None
    log: DecisionLog | None = None
    language: str = "en"


@dataclass(frozen=True)
class Planned:
    """The plan with what it was learned from; `value` is None where no model answers."""

    plan: WeekPlan
    evidence: Evidence
    value: ValueModel | None


def plan_dataset(
    dataset: Dataset,
    wish: Wish,
    sink: Sink | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> Planned:
    """The plan of a week at Monday's local midnight; nothing known later is looked at. `sink` gets the feature rows."""
    tell("duties")
    company = read_company(dataset, wish.playbook, wish.week)
    _refuse_nothing(company)
    log_ids = dataset.event_log().accounts
    judged, evidence, value = unjudged(len(log_ids), len(wish.playbook.actions)), Evidence(None, why="no_model"), None
    if wish.scorer is not None:
        tell("learning")
        value = learn_value(wish.scorer, dataset, wish.playbook, company.cutoff)
        evidence = learn_effects(wish.scorer, dataset, wish.log, wish.playbook, company.cutoff)
        tell("judging")
        judged = _judged(company, wish, value, evidence, sink or _nowhere)
    tell("allocating")
    places = pd.Index(log_ids).get_indexer(pd.Index(company.account_ids))
    return Planned(plan_week(company, judged.take(places), _rejected(company, wish)), evidence, value)


def _nowhere(accounts: Places, values: Floats) -> None:
    """Keeps no feature rows."""


def _refuse_nothing(company: Company) -> None:
    if not company.rep_ids or not (company.owner >= 0).any():
        fault = Fault("owner_rep_id", "no account has a rep in that week", "import who looks after which account")
        raise Refused("There is nobody whose week could be planned.", [fault])


def _judged(company: Company, wish: Wish, value: ValueModel, evidence: Evidence, sink: Sink) -> Judged:
    assert wish.scorer is not None
    dataset, log = company.dataset, company.dataset.event_log()
    profile = profile_of(dataset, Rows.grid(log.account_count, np.array([company.cutoff], dtype=np.int64)))
    words = {str(name): profile[name].tolist() for name in profile}
    asked = Asked(log, context_of(dataset.info, dataset.accounts(), log), company.cutoff, words)
    rate = margin_rates(dataset, wish.playbook)
    return judge(wish.scorer, asked, value, evidence, rate, len(wish.playbook.actions), wish.language, sink)


def _rejected(company: Company, wish: Wish) -> Floats:
    ids, actions = list(company.account_ids), wish.playbook.actions
    if wish.log is None:
        return np.zeros((len(ids), len(actions)))
    days = wish.playbook.limits.suppression_days
    return rejections(wish.log.decisions, wish.log.states, ids, actions, company.cutoff, days)
