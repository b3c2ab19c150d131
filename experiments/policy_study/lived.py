"""One world of the study: history, pilot, what was learned from it, the weeks lived under each policy."""

from dataclasses import dataclass, field

import numpy as np

from experiments.policy_study import scores
from experiments.policy_study.allocated import Allocated, Score
from experiments.policy_study.history import History
from experiments.world.control import Decisions, Observation, Pilot, Reps, run
from experiments.world.draws import Flags, Floats
from experiments.world.simulation import Lived, Simulation, all_seats
from experiments.world.truth import HORIZON, assigned_truth
from experiments.world.world import World
from kqml.errors import Refused
from models.effects.model import EffectModel
from models.effects.sample import Sample

SIMPLE = ("playbook_only", "random", "highest_risk", "highest_value", "risk_times_value")
ORACLE, OURS, FIRST_PATH = "observable_oracle", "kqml", 1_000


@dataclass(frozen=True)
class Times:
    """Weeks of the reps' own way, of the pilot, of the policy; a horizon of run-out follows."""

    behaviour: int
    pilot: int
    policy: int
    share: float
    futures: int
    paths: int
    look_every: int


@dataclass
class Learned:
    """The pilot as it is known at its end. `weeks`: decisions, features, eligible packages; `margin` of each.
    `true`: (values, effects) of all accounts at some cutoffs, for the oracle alone."""

    history: History
    weeks: list[tuple[Decisions, Floats, Flags]] = field(default_factory=list)
    margin: list[Floats] = field(default_factory=list)
    true: list[tuple[Floats, Floats]] = field(default_factory=list)


def live_world(world: World, times: Times, shares: dict[str, float]) -> tuple[dict[str, Floats], dict[str, int]]:
    """Per policy the margin of each account less what its actions cost, summed over policy weeks and run-out, averaged
    over the futures; the randomised rows of each of our learners. `shares`: name → share of the rows that it gets."""
    simulation = Simulation(world, all_seats(world))
    history = History()
    run(simulation, Reps(), times.behaviour, history.notice)
    learned = _pilot(simulation, history, times)
    sample = _matured(learned, simulation)
    policies, rows = _policies(learned, sample, shares)
    nets: dict[str, Floats] = {}
    for name, score in policies.items():
        nets[name] = _mean_net(simulation, (name, score), learned.history, times)
    nets["full_oracle"] = _mean_net(simulation, ("full_oracle", None), learned.history, times)
    return nets, rows


def _pilot(simulation: Simulation, history: History, times: Times) -> Learned:
    learned = Learned(history)

    def notice(seen: Observation, decisions: Decisions, lived: Lived) -> None:
        values = history.values(seen)
        learned.weeks.append((decisions, values, seen.eligible))
        learned.margin.append(lived.net * seen.margin_rate)
        history.notice(seen, decisions, lived)

    for week in range(times.pilot):
        if week % times.look_every == 0:
            seen = Observation(simulation)
            who = np.arange(len(seen.eligible))
            found = assigned_truth(simulation, who, kappa="playbook", paths=times.paths)
            learned.true.append((history.values(seen)[seen.on_books], found.effect["margin"][seen.on_books]))
        run(simulation, Pilot(times.share), 1, notice)
    return learned


def _matured(learned: Learned, simulation: Simulation) -> Sample:
    """The drawn rows of weeks whose whole horizon lies before the policy's first cutoff."""
    margin = np.array(learned.margin)
    ripe = [place for place in range(len(learned.weeks)) if place + HORIZON <= len(margin)]
    if not ripe:
        raise Refused("The pilot is shorter than a horizon: none of its outcomes is known yet.")
    parts = []
    for place in ripe:
        decisions, values, eligible = learned.weeks[place]
        mine = np.flatnonzero(decisions.coin)
        outcome = margin[place : place + HORIZON].sum(axis=0)[mine]
        action, chance = decisions.assigned[mine].astype(np.int64), decisions.probability[mine]
        parts.append((values[mine], action, outcome, chance, mine, eligible[mine]))
    drawn, action, outcome, chance, account, may = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    actions = simulation.world.playbook.actions
    return Sample(drawn, action, outcome, chance, account.astype(np.int64), may.astype(bool), actions)


def _policies(learned: Learned, sample: Sample, shares: dict[str, float]) -> tuple[dict[str, Score], dict[str, int]]:
    risk = scores.fit_trees(sample.values, (sample.outcome <= 0).astype(np.float64), "binary")
    values, true = (np.concatenate(columns) for columns in zip(*learned.true, strict=True))
    oracle = [scores.fit_trees(values, true[:, code]) for code in range(1, true.shape[1])]
    found: dict[str, Score] = {
        "playbook_only": scores.idle,
        "random": scores.at_random,
        "highest_risk": scores.highest_risk(risk),
        "highest_value": scores.highest_value,
        "risk_times_value": scores.risk_times_value(risk),
        "t_learner": scores.t_learner(sample),
        ORACLE: scores.by_trees(oracle),
    }
    rows: dict[str, int] = {}
    luck = np.random.default_rng(0).random(len(sample))
    for name, share in shares.items():
        part = sample.where(luck < share)
        found[name], rows[name] = _ours(part, found["risk_times_value"]), len(part)
    return found, rows


def _ours(sample: Sample, otherwise: Score) -> Score:
    """Net value by learned effects; where these rows are too few to learn from, risk × value, as the product does."""
    try:
        return scores.by_effects(EffectModel().fit_sample(sample).fitted)
    except Refused:
        return otherwise


def _mean_net(simulation: Simulation, named: tuple[str, Score | None], history: History, times: Times) -> Floats:
    total = np.zeros(len(simulation.accounts))
    for number in range(times.futures):
        total += _net_of(simulation.forked(FIRST_PATH + 2 * number), named, history.copy(), times)
    return total / times.futures


def _net_of(fork: Simulation, named: tuple[str, Score | None], history: History, times: Times) -> Floats:
    """Margin less cost of one future; the run-out is lived under the playbook by every policy alike."""
    name, score = named
    own = Allocated(name, score or scores.by_truth(fork, max(times.paths // 2, 4)), history)
    margin = run(fork, own, times.policy, history.notice).margin
    after = Allocated("playbook_only", scores.idle, history, own.booked)
    margin = margin + run(fork, after, HORIZON, history.notice).margin
    return np.asarray(margin - np.sum(own.spent, axis=0) - np.sum(after.spent, axis=0), dtype=np.float64)
