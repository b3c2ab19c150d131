"""A simulated world becomes a dataset folder, block by block."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.world import arrow
from experiments.world.control import Observation, Policy, WorldDecisions, run
from experiments.world.decisions import WorldDecisionLog, write_log
from experiments.world.described import info_of, source_of
from experiments.world.hidden import STATES_EVERY, departures_of, effects_of, states_of, write_hidden
from experiments.world.journal import Journal
from experiments.world.simulation import SimulatedWeeks, Simulation
from experiments.world.small_tables import accounts_of, contacts_of, reps_of
from experiments.world.truth import HORIZON
from experiments.world.world import World
from kqml.dataset.folder import Dataset, write_dataset

CARD = (
    "Truth is of one action this week, later weeks by kappa, for each account by itself.",
    "It ignores that a rep's hours run short: no action is crowded out by another account's. In lived weeks an action "
    "without room is not done (decision state failed, reason no_time).",
    "Rows with basis 'assigned' are of asking: reps may not follow, visits may fail or be faked.",
    "A decision without a probability was a rep's own; its true chances are in propensities.parquet.",
)
"""What a reader of the truth must know."""


@dataclass(frozen=True)
class LogPlan:
    """Which decision log is kept over the last `weeks` weeks: `policy` decides there (reps alone: nothing is drawn).

    `truth_accounts`: for so many accounts per block the truth of every action is kept at the first logged week.
    """

    policy: Policy
    weeks: int
    truth_accounts: int = 200


@dataclass
class Frames:
    """What fills up while the blocks are lived: the small tables, the truth, the decision logs."""

    accounts: list[pd.DataFrame] = field(default_factory=list)
    contacts: list[pd.DataFrame] = field(default_factory=list)
    reps: list[pd.DataFrame] = field(default_factory=list)
    departures: list[pd.DataFrame] = field(default_factory=list)
    states: list[pd.DataFrame] = field(default_factory=list)
    effects: list[pd.DataFrame] = field(default_factory=list)
    logs: list[WorldDecisionLog] = field(default_factory=list)
    events: int = 0


Tell = Callable[[int], None]


def write_world(
    world: World, out: Path, *, log: LogPlan | None = None, force: bool = False, tell: Tell = lambda done: None
) -> tuple[Dataset, Frames]:
    """Lives the world, writes the dataset with the truth (and the decision log) beside it; `tell` hears each week
    of each block."""
    frames = Frames()
    live = (_live_block(world, seats, log, frames, tell) for seats in world.blocks())
    dataset = write_tables(world, out, frames, live, force=force)
    write_truth(world, frames, out)
    return dataset, frames


def write_tables(
    world: World, out: Path, frames: Frames, batches: Iterator[pa.RecordBatch], *, force: bool = False
) -> Dataset:
    """Writes batches of events, then the small tables that filled up meanwhile."""
    tables = {
        "accounts": _later(frames.accounts),
        "contacts": _later(frames.contacts),
        "reps": _later(frames.reps),
        "events": batches,
    }
    return write_dataset(out, tables, info_of(world), force=force)


def _later(parts: list[pd.DataFrame]) -> Iterator[pa.RecordBatch]:
    """The frames as batches, read only once they are wanted."""
    for part in parts:
        yield from pa.Table.from_pandas(part, preserve_index=False).to_batches()


def _live_block(world: World, seats: range, log: LogPlan | None, frames: Frames, tell: Tell) -> pa.RecordBatch:
    simulation = Simulation(world, seats, journal=Journal(world.almanac.dates.cutoff(0)))
    logged = log.weeks if log else 0
    for _ in range(world.shape.weeks - logged):
        _note_truth(simulation, simulation.live(), frames)
        tell(1)
    if log:
        frames.effects.append(effects_of(simulation, log.truth_accounts))
        retained = WorldDecisionLog(log.policy.name, simulation)
        frames.logs.append(retained)
        run(simulation, log.policy, logged, lambda *week: _logged(simulation, retained, frames, tell, week))
    return block_batch(simulation, frames)


def _logged(
    simulation: Simulation,
    retained: WorldDecisionLog,
    frames: Frames,
    tell: Tell,
    week: tuple[Observation, WorldDecisions, SimulatedWeeks],
) -> None:
    retained.notice(*week)
    _note_truth(simulation, week[2], frames)
    tell(1)


def _note_truth(simulation: Simulation, weeks: SimulatedWeeks, frames: Frames) -> None:
    frames.departures.append(departures_of(simulation, weeks))
    if simulation.number % STATES_EVERY == 0:
        frames.states.append(states_of(simulation))


def block_batch(simulation: Simulation, frames: Frames) -> pa.RecordBatch:
    """What the company knows of a block at the end; adds the block's rows to the small tables."""
    assert simulation.journal is not None
    entries = simulation.journal.entries()
    hidden = [kind.number for kind in simulation.world.rules.hidden]
    known = entries.take((entries.known_at < simulation.world.known_before) & ~np.isin(entries.kind, hidden))
    frames.accounts.append(accounts_of(simulation, known))
    frames.contacts.append(contacts_of(simulation, known))
    frames.reps.append(reps_of(simulation))
    frames.events += len(known)
    return arrow.events_batch(known, simulation.accounts)


def write_truth(world: World, frames: Frames, out: Path) -> None:
    """Puts the truth, and the decision logs, beside the dataset in `out`."""
    truth = out / "truth"
    truth.mkdir()
    write_hidden(truth, frames.departures, frames.states, frames.effects)
    described = {**source_of(world), "parameters": vars(world.effects), "horizon_weeks": HORIZON, "card": CARD}
    (truth / "world.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    if frames.logs:
        write_log(frames.logs, out, truth)
