"""The policy that kqml follows with the effects of a log, as a target of evaluation."""

import numpy as np

from features.catalog import catalog
from kqml.playbook import Playbook
from models.evaluation.off_policy.decisions import EvaluableRows, LoggedDecisions
from models.evaluation.off_policy.randomised_rows import Codes, Flags, Floats
from models.policy.allocation.allocation import allocate
from models.policy.allocation.problem import NOT_BOOKED, Actions, AllocationProblem
from models.uplift.decision_features import decision_features
from models.uplift.learner import EffectModel
from models.value.net import net_values


def own_policy(decisions: LoggedDecisions, rows: EvaluableRows, playbook: Playbook) -> Floats:
    """Return n × K probabilities, 0 or 1: what each rep's hours of a week go to by net value. Each row's effects are
    learned from other accounts (`EffectModel`). The randomised rows of a rep and week get the share of the rep's hours
    that they are of its rows. Raises Refused where there is too little to learn from."""
    sample = rows.data.sample(decision_features(decisions.dataset, rows.data, catalog(playbook))[0], rows.outcome)
    effect = EffectModel().fit_sample(sample).evidence.out_of_fold
    return allocate_by_effects(effect, rows.randomised.eligible, *_hours(decisions, rows, playbook), playbook)


def allocate_by_effects(effect: Floats, eligible: Flags, rep: Codes, hours: Floats, playbook: Playbook) -> Floats:
    """Return n × K probabilities, 0 or 1, by net value of `effect` (n × K) within each rep's `hours` (reps ×
    RESOURCES)."""
    actions = Actions.of(playbook)
    count, channels = len(rep), actions.contacts.shape[1]
    net = net_values(np.nan_to_num(effect), actions.cost, playbook.minute_cost)
    problem = AllocationProblem(
        actions=actions,
        rep=rep,
        tier=np.zeros(count, dtype=np.int64),
        net_value=net,
        allowed=eligible,
        fulfils=np.zeros(eligible.shape, dtype=bool),
        booked=np.full(count, NOT_BOOKED),
        due=np.zeros((count, channels)),
        shortfall_cost=np.zeros((count, channels)),
        capacity=hours,
        floor=np.zeros((len(hours), 1, channels)),
    )
    chosen = np.zeros(eligible.shape)
    chosen[np.arange(count), allocate(problem).choice] = 1.0
    return chosen


def _hours(decisions: LoggedDecisions, rows: EvaluableRows, playbook: Playbook) -> tuple[Codes, Floats]:
    """Per row its rep and week as one code, per code the hours that its rows may use."""
    weeks = np.unique(decisions.data.week.astype(str), return_inverse=True)[1]
    everything = decisions.rep * (int(weeks.max()) + 1) + weeks
    used = everything[decisions.usable]
    codes, inverse = np.unique(used, return_inverse=True)
    every, total = np.unique(everything, return_counts=True)
    share = np.bincount(inverse) / total[np.searchsorted(every, codes)]
    rule = playbook.rep
    week = np.array([rule.minutes_per_week, rule.stops_per_week, rule.budget_per_week], dtype=np.float64)
    return inverse.astype(np.int64), share[:, None] * week
