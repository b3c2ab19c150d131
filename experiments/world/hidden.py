"""The truth that goes into a dataset's `truth` folder, which product code never reads."""

from pathlib import Path

import numpy as np
import pandas as pd

from experiments.world import arrow
from experiments.world.actions import NAMES
from experiments.world.draws import Floats, Indices
from experiments.world.drivers import log_hazard_of
from experiments.world.dynamics import hazard
from experiments.world.simulation import SimulatedWeeks, Simulation
from experiments.world.state import NONE
from experiments.world.truth import MEASURES, Truth, assigned_truth, truth

STATES_EVERY = 13
"""Weeks between two pictures of all states."""

BROKEN_WEEKS = 8
"""Weeks for which a broken promise is remembered in the pictures."""

PATHS = 32


def departures_of(simulation: Simulation, weeks: SimulatedWeeks) -> pd.DataFrame:
    """The accounts that quietly stopped in the week just lived, with the state in which they did."""
    return _pictured(simulation, np.flatnonzero(weeks.quits), weeks.week.number)


def states_of(simulation: Simulation) -> pd.DataFrame:
    """All accounts at the simulation's cutoff."""
    who = np.flatnonzero(simulation.books)
    frame = _pictured(simulation, who, simulation.number)
    frame["gone"] = simulation.state.gone[who]
    return frame


def _pictured(simulation: Simulation, who: Indices, week: int) -> pd.DataFrame:
    state = simulation.state.take(who)
    drivers = _drivers(simulation, who, week)
    return pd.DataFrame(
        {
            "account_id": arrow.account_ids(simulation.accounts[who]).to_pandas(),
            "week": pd.Series([simulation.world.almanac.dates.name(week)] * len(who), dtype="str"),
            "satisfaction": state.satisfaction,
            "closeness": state.closeness,
            "load": state.load,
            "wake": state.wake,
            "grievance": state.grievance,
            "hazard": hazard(simulation.world.effects, state, week),
            "complaint_open": state.complaint != NONE,
            "promise_broken": (state.broken != NONE) & (week - state.broken <= BROKEN_WEEKS),
            "problem_open": state.problem,
            "courted": state.courted != NONE,
            "slow_moving": state.slow,
            "short_of_cash": state.overdue != NONE,
            **{f"driven_by_{name}": added for name, added in drivers.items()},
        }
    )


def _drivers(simulation: Simulation, who: Indices, week: int) -> dict[str, Floats]:
    """What each driver adds to the log hazard; empty where the simulation keeps no journal."""
    if simulation.parts is None:
        return {}
    added = log_hazard_of(simulation.world.effects, simulation.parts, simulation.state, week)
    return {name: part[who] for name, part in added.items()}


def effects_of(simulation: Simulation, accounts: int) -> pd.DataFrame:
    """The truth of every action at the simulation's cutoff for some of its customers, done and asked for."""
    customers = np.flatnonzero(simulation.books & ~simulation.state.gone)
    order = np.argsort(simulation.draws.take(customers).uniform("truth_sample", simulation.number))
    who = np.sort(customers[order[:accounts]])
    parts = [
        _as_frame(simulation, result, basis)
        for basis, result in (
            ("done", truth(simulation, who, paths=PATHS)),
            ("assigned", assigned_truth(simulation, who, paths=PATHS)),
        )
    ]
    return pd.concat(parts, ignore_index=True)


def _as_frame(simulation: Simulation, result: Truth, basis: str) -> pd.DataFrame:
    count, actions = len(result.who), len(NAMES)
    ids = arrow.account_ids(simulation.accounts[result.who]).to_pandas()
    return pd.DataFrame(
        {
            "account_id": ids.repeat(actions).to_numpy(),
            "week": simulation.world.almanac.dates.name(simulation.number),
            "basis": basis,
            "kappa": result.kappa,
            "action": np.tile(np.array(NAMES, dtype=object), count),
            **{name: result.value[name].ravel() for name in MEASURES},
            **{f"{name}_error": result.error[name].ravel() for name in MEASURES},
            **{f"{name}_effect": result.effect[name].ravel() for name in MEASURES},
            **{f"{name}_effect_error": result.effect_error[name].ravel() for name in MEASURES},
        }
    )


def write_hidden(
    folder: Path, departures: list[pd.DataFrame], states: list[pd.DataFrame], effects: list[pd.DataFrame]
) -> None:
    """Writes each table that has rows, by account and week."""
    for name, parts in (("departures", departures), ("states", states), ("effects", effects)):
        if parts:
            table = pd.concat(parts, ignore_index=True).sort_values(["account_id", "week"], kind="stable")
            table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
