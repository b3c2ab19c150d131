"""A simulated world becomes a dataset folder, block by block."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.world import arrow
from experiments.world.almanac import START, TIME_ZONE, cutoff, monday
from experiments.world.control import Decisions, Observation, Policy, run
from experiments.world.decisions import DecisionLog, write_log
from experiments.world.hidden import STATES_EVERY, departures_of, effects_of, states_of, write_hidden
from experiments.world.journal import Entries, Journal
from experiments.world.population import SEGMENTS, TIERS
from experiments.world.records import HOLDERS
from experiments.world.regions import NAMES
from experiments.world.simulation import Lived, Simulation
from experiments.world.state import NONE
from experiments.world.truth import HORIZON
from experiments.world.world import World
from kqml.dataset import ColumnUse, Dataset, DatasetInfo, write_dataset
from kqml.events import KINDS, EventKind

LATE_KINDS = (
    EventKind.VISIT,
    EventKind.VISIT_VERIFIED,
    EventKind.HELP_GIVEN,
    EventKind.HELP_ASKED,
    EventKind.HELP_RECEIVED,
    EventKind.PROMISE_MADE,
    EventKind.COMPETITOR_SEEN,
    EventKind.SLOW_MOVING,
)
"""Kinds that a rep writes down after the visit."""

OFFICE_P95 = {EventKind.ACCOUNT_CLOSED: 28.75, EventKind.CONTACT_LEFT: 19.0, EventKind.ACCOUNT_TRANSFERRED: 3.0}
"""Days after which nearly all of what the office hears of late is known."""

LATE_P95 = 3.6
"""95th percentile of a visit's record lag over its median (two lognormal spreads, .5 of reps and .6 of visits)."""


@dataclass(frozen=True)
class LogPlan:
    """Which decision log is kept over the last `weeks` weeks: `policy` decides there (reps alone: nothing is drawn).

    `truth_accounts`: for so many accounts per block the truth of every package is kept at the first logged week.
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
    logs: list[DecisionLog] = field(default_factory=list)
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
    simulation = Simulation(world, seats, journal=Journal())
    logged = log.weeks if log else 0
    for _ in range(world.shape.weeks - logged):
        _note_truth(simulation, simulation.live(), frames)
        tell(1)
    if log:
        frames.effects.append(effects_of(simulation, log.truth_accounts))
        kept = DecisionLog(log.policy.name, simulation)
        frames.logs.append(kept)
        run(simulation, log.policy, logged, lambda *week: _logged(simulation, kept, frames, tell, week))
    return block_batch(simulation, frames)


def _logged(
    simulation: Simulation, kept: DecisionLog, frames: Frames, tell: Tell, week: tuple[Observation, Decisions, Lived]
) -> None:
    kept.notice(*week)
    _note_truth(simulation, week[2], frames)
    tell(1)


def _note_truth(simulation: Simulation, lived: Lived, frames: Frames) -> None:
    frames.departures.append(departures_of(simulation, lived))
    if simulation.number % STATES_EVERY == 0:
        frames.states.append(states_of(simulation))


def block_batch(simulation: Simulation, frames: Frames) -> pa.RecordBatch:
    """What the company knows of a block at the end; adds the block's rows to the small tables."""
    assert simulation.journal is not None
    entries = simulation.journal.entries()
    hidden = [kind.number for kind in simulation.world.rules.hidden]
    known = entries.take((entries.known_at < cutoff(simulation.number)) & ~np.isin(entries.kind, hidden))
    frames.accounts.append(_accounts(simulation, known))
    frames.contacts.append(_contacts(simulation, known))
    frames.reps.append(_reps(simulation))
    frames.events += len(known)
    return arrow.events_batch(known, simulation.accounts)


def _accounts(simulation: Simulation, known: Entries) -> pd.DataFrame:
    traits, state = simulation.traits, simulation.state
    seat = traits.seat - traits.seat[0]
    now = simulation.world.almanac.at(simulation.number - 1)
    told = np.zeros((2, len(traits)), dtype=bool)
    for row, kind in enumerate((EventKind.ACCOUNT_CLOSED, EventKind.ACCOUNT_TRANSFERRED)):
        told[row, known.account[known.kind == kind.number]] = True
    since = [
        str(monday(int(week) + 1)) if week != NONE and said else None
        for week, said in zip(state.ended, told[0] | told[1], strict=True)
    ]
    attributes = [
        json.dumps({"minutes_away": round(float(far)), "consent": bool(consent)})
        for far, consent in zip(traits.far, traits.consent, strict=True)
    ]
    return pd.DataFrame(
        {
            "account_id": arrow.account_ids(simulation.accounts).to_pandas(),
            "tier": np.array(TIERS)[state.tier],
            "segment": np.array(SEGMENTS)[traits.segment],
            "region": np.array(NAMES)[traits.region],
            "owner_rep_id": arrow.rep_ids(traits.seat * HOLDERS + simulation.seats.holder[seat, now]).to_pandas(),
            "opened_on": [START + timedelta(weeks=int(week)) for week in traits.opens],
            "status": np.select([told[0], told[1]], ["closed", "transferred"], default="active"),
            "status_since": pd.to_datetime(pd.Series(since)).dt.date,
            "attributes": attributes,
        }
    )


def _contacts(simulation: Simulation, known: Entries) -> pd.DataFrame:
    """Contacts met so far, at least one for each account; the first one decides."""
    most = np.ones(len(simulation.accounts), dtype=np.int64)
    np.maximum.at(most, known.account, known.codes["contact"] + 1)
    account = np.repeat(np.arange(len(most)), most)
    place = np.arange(len(account)) - np.repeat(np.cumsum(most) - most, most)
    roles = np.array(["owner", "manager", "buyer", "clerk", "cashier", "clerk", "clerk", "clerk"])
    return pd.DataFrame(
        {
            "contact_id": arrow.contact_ids(simulation.accounts[account], place.astype(np.int32)).to_pandas(),
            "account_id": arrow.account_ids(simulation.accounts[account]).to_pandas(),
            "role": roles[place],
            "influence": np.where(place == 0, "decides", "advises"),
        }
    )


def _reps(simulation: Simulation) -> pd.DataFrame:
    """Everybody who held a seat of the block until now."""
    seats, rows = simulation.seats, []
    rep = simulation.world.playbook.rep
    last = simulation.world.almanac.at(simulation.number - 1)
    for seat in range(len(seats.region)):
        number = int(simulation.traits.seat[0]) + seat
        held = seats.holder[seat, : last + 1]
        for holder in range(int(held[0]), int(held[-1]) + 1):
            places = np.flatnonzero(held == holder)
            empty = places[seats.vacant[seat, places]]
            first = monday(int(places[0]) - simulation.world.almanac.at(0))
            rows.append(
                {
                    "rep_id": arrow.rep_ids(np.array([number * HOLDERS + holder]))[0].as_py(),
                    "manager_id": f"M{NAMES[seats.region[seat]]}",
                    "region": NAMES[seats.region[seat]],
                    "started_on": first - timedelta(weeks=200 if places[0] == 0 else 0),
                    "left_on": monday(int(empty[0]) - simulation.world.almanac.at(0)) if len(empty) else None,
                    "minutes_per_week": rep.minutes_per_week,
                    "stops_per_week": rep.stops_per_week,
                    "budget_per_week": rep.budget_per_week,
                }
            )
    return pd.DataFrame(rows)


def info_of(world: World) -> DatasetInfo:
    """What `dataset.json` says of a simulated company."""
    late = world.rules.seats.lag_days * LATE_P95
    days = dict.fromkeys(KINDS, 0.0) | dict.fromkeys(LATE_KINDS, late) | OFFICE_P95
    days[EventKind.COMPLAINT] = 0.4 * late
    lags = {kind.code: {"p95_days": round(lag, 2)} for kind, lag in days.items()}
    return DatasetInfo(
        time_zone=TIME_ZONE,
        currency="CNY",
        quiet_periods=tuple(period for period in world.almanac.quiet if period.start < str(monday(world.shape.weeks))),
        columns={
            "tier": ColumnUse(complete_since=str(START)),
            "owner_rep_id": ColumnUse(complete_since=str(START)),
            "status": ColumnUse(usable=False, why="the status of now"),
        },
        record_lags=lags,
        source=source_of(world),
    )


def source_of(world: World) -> dict[str, Any]:
    """Where a result comes from: everything needed to make it again."""
    shape = world.shape
    return {
        "generator": "experiments.world",
        "world": world.hash,
        "fit": world.fit,
        "accounts": shape.accounts,
        "reps": shape.reps,
        "weeks": shape.weeks,
        "seed": world.seed,
        "scenarios": list(world.scenarios),
    }


def write_truth(world: World, frames: Frames, out: Path) -> None:
    """Puts the truth, and the decision logs, beside the dataset in `out`."""
    truth = out / "truth"
    truth.mkdir()
    write_hidden(truth, frames.departures, frames.states, frames.effects)
    described = {**source_of(world), "parameters": vars(world.effects), "horizon_weeks": HORIZON}
    (truth / "world.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    if frames.logs:
        write_log(frames.logs, out, truth)
