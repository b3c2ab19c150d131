"""Ranking of actions: by net value where effects are known, by risk × value where they are not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.events import EventKind
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS
from models.policy.allocation.problem import WAIT, Actions, Flags, Floats
from models.policy.planning.assessment import AccountAssessment
from models.policy.planning.offers import Names, action_costs
from models.uplift.fitted import Basis
from models.uplift.weekly_actions import HELP
from models.value.net import costs, net_values

TOP = 0.99
"""The quantile of value at risk that ranks like the dearest missing contact of the cadence."""

FRUGAL = 1e-3
"""Share of its cost by which a mere rank is lowered: of two actions that rank alike the cheaper one is given."""


@dataclass(frozen=True)
class RankedActions:
    """Ranks of n accounts × K actions.

    `score`: what the allocation compares: money where `known`, else a rank in the unit of the cadence's shortfall
    costs. `known` (n): accounts with learned effects. `basis`: of each effect.
    """

    score: Floats
    known: Flags
    basis: NDArray[np.object_]


def rank_actions(
    assessment: AccountAssessment, playbook: Playbook, offers: Names, top: float | None = None
) -> RankedActions:
    """Rank the actions of each account. `offers`: of `choose_offers`. `top`: of `urgency_scale`, by default that of
    these accounts.

    An account has known effects if any of its actions is supported; its other actions then have their cost and an
    effect of 0. Other accounts are ranked by risk × value where their risk is raised.
    """
    cost = action_costs(playbook, offers)
    offered: Flags = np.array([name is not None for name in offers.tolist()], dtype=bool)
    known: Flags = np.asarray(np.isfinite(assessment.effect[:, 1:]).any(axis=1), dtype=bool)
    net = net_values(np.nan_to_num(assessment.effect), cost, playbook.minute_cost)
    urgent = urgency(assessment, playbook, top)[:, None] * attention(playbook, offered)
    urgent = urgent - FRUGAL * costs(cost, playbook.minute_cost)
    score = np.where(known[:, None], net, urgent)
    score[:, WAIT] = 0.0
    basis = assessment.basis.copy()
    if playbook.priors:
        ordered = np.isin(playbook.action_names, list(playbook.priors))[None, :]
        basis[(basis == Basis.UNKNOWN.value) & ordered] = Basis.PRIOR.value
    return RankedActions(score, known, basis)


def urgency(assessment: AccountAssessment, playbook: Playbook, top: float | None = None) -> Floats:
    """Return (n): value at risk where the risk is raised, scaled so that `top` equals the largest shortfall cost."""
    at_risk = np.where(assessment.raised, np.nan_to_num(assessment.at_risk), 0.0)
    scale = urgency_scale(assessment) if top is None else top
    if not scale:
        return np.zeros(len(at_risk))
    dearest = max(cost for row in playbook.shortfall_cost.values() for cost in row.values())
    return np.asarray(np.minimum(at_risk / scale, 1.0) * dearest, dtype=np.float64)


def urgency_scale(assessment: AccountAssessment) -> float:
    """Return the top quantile of value at risk where the risk is raised; 0 where nothing is at risk."""
    at_risk = np.where(assessment.raised, np.nan_to_num(assessment.at_risk), 0.0)
    result = at_risk[at_risk > 0]
    return float(np.quantile(result, TOP)) if len(result) else 0.0


def attention(playbook: Playbook, offered: Flags) -> Floats:
    """Return (n × K): the attention of each action by the playbook: the deposits of its contacts into the emotional
    account, relative to a visit's.

    Help counts where it answers a reason. The playbook's priors take precedence.
    """
    weights = {entry.kind: max(entry.weight, 0.0) for entry in playbook.emotional if entry.topic is None}
    visit = weights.get(EventKind.VISIT, 0.0) or 1.0
    results = [weights.get(EventKind[channel.upper()], 0.0) / visit for channel in CHANNELS]
    base = (np.minimum(Actions.of(playbook).contacts, 1.0) * results).sum(axis=1)
    result = np.tile(base, (len(offered), 1))
    if HELP in playbook.action_names:
        extra = weights.get(EventKind.HELP_GIVEN, 0.0) / visit
        result[:, playbook.action_names.index(HELP)] += np.where(offered, extra, 0.0)
    for action, position in playbook.priors.items():
        if action in playbook.action_names:
            result[:, playbook.action_names.index(action)] = 1.0 / position
    return result
