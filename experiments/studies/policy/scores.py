"""The scores that the study's policies allocate by."""

from collections.abc import Callable

import lightgbm as lgb
import numpy as np

from experiments.studies.policy.allocation_policy import Score
from experiments.studies.policy.history import RolloutHistory
from experiments.world.control import Observation
from experiments.world.draws import Flags, Floats
from experiments.world.simulation import Simulation
from experiments.world.truth import assigned_truth
from kqml.errors import Refused
from models.policy.allocation.problem import Actions
from models.uplift.fitted import FittedEffects
from models.uplift.learner import EffectModel
from models.uplift.sample import DecisionSample
from models.value.net import costs, net_values

TREES = {"objective": "regression", "num_leaves": 8, "learning_rate": 0.1, "verbose": -1, "num_threads": 1, "seed": 0}
ROUNDS = 100

THRIFT = 0.02
"""The share of its costs that a policy without effects charges: of two actions that do the same the cheaper wins."""


def idle(observation: Observation, values: Floats, history: RolloutHistory) -> Floats:
    """Score only the playbook's cadence, by the cheapest actions."""
    return np.tile(-THRIFT * _costs(observation), (len(observation.eligible), 1))


def rank_scores(observation: Observation, worth: Floats) -> Floats:
    """Score actions by the rank of their account, in the unit of the largest shortfall cost; a visit before a call."""
    playbook, actions = observation.playbook, Actions.of(observation.playbook)
    dearest = max(cost for row in playbook.shortfall_cost.values() for cost in row.values())
    index = np.argsort(np.argsort(worth)) / max(len(worth) - 1, 1)
    attention = np.minimum(actions.contacts, 1.0) @ np.array([1.0, 0.4, 0.2])
    return np.asarray(index[:, None] * attention[None, :] * dearest - THRIFT * _costs(observation), dtype=np.float64)


def at_random(observation: Observation, values: Floats, history: RolloutHistory) -> Floats:
    return rank_scores(observation, observation.uniform("study random"))


def highest_value(observation: Observation, values: Floats, history: RolloutHistory) -> Floats:
    return rank_scores(observation, history.trailing())


def highest_risk(risk: lgb.Booster) -> Score:
    return lambda observation, values, history: rank_scores(
        observation, np.asarray(risk.predict(values), dtype=np.float64)
    )


def risk_times_value(risk: lgb.Booster) -> Score:
    return lambda observation, values, history: rank_scores(
        observation, np.asarray(risk.predict(values), dtype=np.float64) * history.trailing()
    )


def ours(otherwise: Score) -> Callable[[DecisionSample], Score]:
    """Score by the net value of learned effects; use `otherwise` where the rows are too few, as the product does."""

    def fit(sample: DecisionSample) -> Score:
        try:
            return by_effects(EffectModel().fit_sample(sample).fitted)
        except Refused:
            return otherwise

    return fit


def by_effects(effects: FittedEffects) -> Score:
    """Score by the net value of effects learned from randomised rows; unsupported effects are 0."""
    return lambda observation, values, history: _net(observation, np.nan_to_num(effects.predict(values)))


def by_trees(boosters: list[lgb.Booster]) -> Score:
    """Score by the net value of effects predicted by trees, one booster for each action but the first."""

    def score(observation: Observation, values: Floats, history: RolloutHistory) -> Floats:
        results = [np.asarray(booster.predict(values), dtype=np.float64) for booster in boosters]
        return _net(observation, np.column_stack([np.zeros(len(values)), *results]))

    return score


def by_truth(simulation: Simulation, paths: int) -> Score:
    """Score by the true effects of assigning each action in the same simulation (full oracle)."""

    def score(observation: Observation, values: Floats, history: RolloutHistory) -> Floats:
        result = assigned_truth(simulation, np.arange(len(values)), kappa="playbook", paths=paths)
        return _net(observation, result.effect["margin"])

    return score


def t_learner(sample: DecisionSample) -> Score:
    """Score by a T-learner, one regression for each action (Künzel et al. 2019, PNAS 116)."""
    fitted = [fit_trees(sample.values[mask], sample.outcome[mask]) for mask in _by_action(sample)]

    def score(observation: Observation, values: Floats, history: RolloutHistory) -> Floats:
        result = np.column_stack([np.asarray(booster.predict(values), dtype=np.float64) for booster in fitted])
        return _net(observation, result - result[:, :1])

    return score


def fit_trees(values: Floats, outcome: Floats, objective: str = "regression") -> lgb.Booster:
    settings = {**TREES, "objective": objective}
    return lgb.train(settings, lgb.Dataset(values, outcome, params={"verbose": -1}), ROUNDS)


def _by_action(sample: DecisionSample) -> list[Flags]:
    return [sample.action == code for code in range(len(sample.actions))]


def _costs(observation: Observation) -> Floats:
    return costs(Actions.of(observation.playbook).cost, observation.playbook.minute_cost)


def _net(observation: Observation, effect: Floats) -> Floats:
    return net_values(effect, Actions.of(observation.playbook).cost, observation.playbook.minute_cost)
