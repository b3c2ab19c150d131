"""Counterfactual truth: what an action done this week changes, by integrating along paths of states (README §5)."""

from dataclasses import dataclass

import numpy as np

from experiments.world import actions
from experiments.world.acting import FAILS, done_given_assigned
from experiments.world.actions import ActionCodes, WorldAction
from experiments.world.behaviour import POLICIES, Habits, behaviour, choose, eligible
from experiments.world.draws import Draws, Floats, Indices
from experiments.world.dynamics import CLOSURE_CHANCE, Moment, advance
from experiments.world.orders import RETURNED, cross, mean_over_median, median_size, order_rate, return_probability
from experiments.world.population import Traits
from experiments.world.renewal import Curves, curves_of, still_none
from experiments.world.simulation import Simulation
from experiments.world.state import WorldState, another_gap, noticed
from experiments.world.weeks import Week
from experiments.world.world import World
from kqml.errors import BadUse, Fault

HORIZON = 13
ELEMENTS = 24_000
"""Accounts × paths lived at once: small enough for the processor's cache."""

MEASURES = ("margin", "retention", "ordered")


@dataclass(frozen=True)
class Truth:
    """Expected outcomes of n accounts (rows, indices into the simulation) for each action (columns).

    `value`, `error`: measure → outcome and its standard error. `effect`, `effect_error`: the same less `wait`'s,
    from the same draws. `executed` truth is of the action done; `assigned` of the action asked for.
    """

    who: Indices
    kappa: str
    horizon: int
    value: dict[str, Floats]
    error: dict[str, Floats]
    effect: dict[str, Floats]
    effect_error: dict[str, Floats]


def truth(
    simulation: Simulation, who: Indices, *, kappa: str = "behaviour", horizon: int = HORIZON, paths: int = 32
) -> Truth:
    """The truth for accounts at the simulation's cutoff, which does not move. `paths`: even, from 4 on."""
    runs = _runs(simulation, who, kappa, horizon, paths)
    return _summed(who, kappa, horizon, runs)


def assigned_truth(
    simulation: Simulation,
    who: Indices,
    *,
    kappa: str = "behaviour",
    horizon: int = HORIZON,
    paths: int = 32,
    replaced: Floats | None = None,
) -> Truth:
    """The truth of *asking* for an action: reps may not follow, visits may fail or be faked. Hours are not short.
    `replaced`: each account's chance that a required visit replaces the action during the week."""
    runs = _runs(simulation, who, kappa, horizon, paths)
    traits, state, week = simulation.traits.take(who), simulation.state.take(who), simulation.week.take(who)
    allowed = eligible(simulation.world.playbook, traits, state, week)
    own = behaviour(traits, state, week, simulation.habits, allowed)
    mixing = done_given_assigned(own, week)
    if replaced is not None:
        share = replaced[:, None, None]
        mixing = (1.0 - share) * mixing + share * mixing[:, [WorldAction.VISIT]]
    mixed = {name: np.einsum("nab,nbp->nap", mixing, run) for name, run in runs.items()}
    return _summed(who, kappa, horizon, mixed)


def _summed(who: Indices, kappa: str, horizon: int, runs: dict[str, Floats]) -> Truth:
    """Means over paths; errors over antithetic pairs."""
    paired = {name: (run[..., 0::2] + run[..., 1::2]) / 2 for name, run in runs.items()}
    effect = {name: run - run[:, :1] for name, run in paired.items()}
    return Truth(
        who=who,
        kappa=kappa,
        horizon=horizon,
        value={name: run.mean(axis=2) for name, run in paired.items()},
        error={name: _error(run) for name, run in paired.items()},
        effect={name: run.mean(axis=2) for name, run in effect.items()},
        effect_error={name: _error(run) for name, run in effect.items()},
    )


def _error(run: Floats) -> Floats:
    return np.asarray(run.std(axis=2, ddof=1) / np.sqrt(run.shape[2]), dtype=np.float64)


def _runs(simulation: Simulation, who: Indices, kappa: str, horizon: int, paths: int) -> dict[str, Floats]:
    """Outcomes by account, action, path."""
    if kappa not in POLICIES or paths < 4 or paths % 2:
        faults = [
            Fault("truth", f"κ {kappa!r} with {paths} paths", f"use {', '.join(POLICIES)}, an even number from 4")
        ]
        raise BadUse("Such a truth cannot be computed.", faults)
    result = {name: np.empty((len(who), len(WorldAction), paths)) for name in MEASURES}
    step = max(1, ELEMENTS // paths)
    for start in range(0, len(who), step):
        future = _future(simulation, who[start : start + step], kappa, horizon, paths)
        for action in WorldAction:
            outcome = _simulated(future, action)
            for name in MEASURES:
                result[name][start : start + step, action] = outcome[name].reshape(-1, paths)
    return result


@dataclass(frozen=True)
class _Future:
    """Some accounts, each on several paths, before the week's actions is chosen."""

    world: World
    kappa: str
    habits: Habits
    weeks: list[Week]
    traits: Traits
    state: WorldState
    draws: Draws
    curves: Curves
    row: Indices
    weight: Floats


def _future(simulation: Simulation, who: Indices, kappa: str, horizon: int, paths: int) -> _Future:
    index = np.repeat(who, paths)
    state, traits = simulation.state, simulation.traits.take(index)
    draws = simulation.draws.take(index).on_path(np.tile(np.arange(paths), len(who)))
    copies = state.take(index).with_(gone=np.zeros(len(index), dtype=bool))
    buying = simulation.books & ~state.gone
    return _Future(
        world=simulation.world,
        kappa=kappa,
        habits=simulation.habits,
        weeks=[simulation.week_at(simulation.number + ahead).take(index) for ahead in range(horizon)],
        traits=traits,
        state=copies.with_(left=another_gap(traits, copies, draws, simulation.number)),
        draws=draws,
        curves=curves_of(state.age[who], simulation.traits.gap_spread[who]),
        row=np.repeat(np.arange(len(who)), paths),
        weight=buying[index].astype(np.float64),
    )


def _simulated(future: _Future, action: WorldAction) -> dict[str, Floats]:
    """One action this week, κ afterwards: margin, chance to be a customer at the end, chance of any order."""
    effects, traits, draws = future.world.effects, future.traits, future.draws
    state, weight, clock = future.state, future.weight, np.zeros(len(draws))
    margin, silent, none_stuffed = np.zeros(len(draws)), np.zeros(len(draws)), np.ones(len(draws))
    mean_size, age = mean_over_median(traits), state.age
    expected = np.zeros(len(draws))
    for ahead, week in enumerate(future.weeks):
        done = np.full(len(draws), action, dtype=np.int8) if ahead == 0 else _done(future, state, week)
        rate, size = order_rate(effects, traits, state, week), median_size(effects, traits, state, week)
        clock, before = clock + rate, expected
        expected = future.curves.expected(future.row, clock)
        money = (expected - before) * size * mean_size * (1.0 - RETURNED * return_probability(state))
        visible = _seen(future, rate, size, state, week)
        after, result = advance(Moment(effects, traits, state, week, done, draws))
        margin += weight * (money + result.stuffed * np.exp(traits.norm)) * traits.margin_rate
        none_stuffed = none_stuffed * (result.stuffed == 0)
        stays = weight * (1.0 - result.hazard) * (1.0 - CLOSURE_CHANCE) * (traits.handed_over != week.number)
        silent += (weight - stays) * still_none(age, clock, traits.gap_spread) * none_stuffed
        weight, state = stays, after.with_(**vars_of_rhythm(visible))
    silent += weight * still_none(age, clock, traits.gap_spread) * none_stuffed
    return {"margin": margin, "retention": weight, "ordered": future.weight - silent}


def _seen(future: _Future, rate: Floats, size: Floats, state: WorldState, week: Week) -> WorldState:
    """The rhythm as the rep will see it: drawn orders, which feed κ and nothing else."""
    if future.kappa != "behaviour":
        return state
    met, moved = cross(rate, size, future.traits, state, future.draws)
    amount = np.bincount(met.account, weights=met.amount, minlength=len(rate)).astype(np.float64)
    return moved.with_(**noticed(state, amount > 0, amount, week.open_share))


def vars_of_rhythm(state: WorldState) -> dict[str, Floats]:
    """What a week's orders change in a state."""
    return {name: getattr(state, name) for name in ("left", "age", "orders", "silent", "usual", "sales")}


def _done(future: _Future, state: WorldState, week: Week) -> ActionCodes:
    """κ's action as it is carried out: visits may be faked or fail; hours are not short."""
    allowed = eligible(future.world.playbook, future.traits, state, week)
    probabilities = POLICIES[future.kappa](future.traits, state, week, future.habits, allowed)
    meant = choose(probabilities, future.draws.uniform("own_choice", week.number))
    real = actions.IN_PERSON[meant]
    lost = real & (
        future.draws.happens(week.faking, "fakes", week.number) | future.draws.happens(FAILS, "fails", week.number)
    )
    return np.where(lost, WorldAction.WAIT, meant).astype(np.int8)
