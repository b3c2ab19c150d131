"""The small tables of a simulated company, as they stand at the end."""

import json
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.world import arrow
from experiments.world.journal import NOTES, Entries
from experiments.world.population import SEGMENTS, TIERS
from experiments.world.regions import NAMES
from experiments.world.scene import HOLDERS
from experiments.world.simulation import Simulation
from experiments.world.state import NONE
from experiments.world.visiting import visiting_columns
from kqml.events import EventKind


def accounts_of(simulation: Simulation, known: Entries) -> pd.DataFrame:
    traits, state = simulation.traits, simulation.state
    seat = traits.seat - traits.seat[0]
    now = simulation.world.almanac.at(simulation.number - 1)
    result = np.zeros((2, len(traits)), dtype=bool)
    for row, kind in enumerate((EventKind.ACCOUNT_CLOSED, EventKind.ACCOUNT_TRANSFERRED)):
        result[row, known.account[known.kind == kind.number]] = True
    dates, last = simulation.world.almanac.dates, simulation.world.records_end
    since = [
        str(min(dates.monday(int(week) + 1), last)) if week != NONE and text else None
        for week, text in zip(state.ended, result[0] | result[1], strict=True)
    ]
    attributes = [
        json.dumps({"minutes_away": round(float(far)), "consent": bool(consent)})
        for far, consent in zip(traits.far, traits.consent, strict=True)
    ]
    return pd.DataFrame(
        {
            "account_id": arrow.account_ids(simulation.accounts).to_pandas(),
            "tier": _tiers(simulation, known),
            "segment": np.array(SEGMENTS)[traits.segment],
            "region": np.array(NAMES)[traits.region],
            "owner_rep_id": arrow.rep_ids(traits.seat * HOLDERS + simulation.seats.holder[seat, now]).to_pandas(),
            "opened_on": [dates.monday(int(week)) for week in traits.opens],
            "status": np.select([result[0], result[1]], ["closed", "transferred"], default="active"),
            "status_since": pd.to_datetime(pd.Series(since)).dt.date,
            **visiting_columns(simulation.world.seed, simulation.draws, traits),
            "attributes": attributes,
        }
    )


def _tiers(simulation: Simulation, known: Entries) -> NDArray[np.str_]:
    """What the latest known review says: the one at the very end is not told yet, nor one of a closed account."""
    tier = np.array(TIERS)[simulation.traits.tier]
    for result in np.flatnonzero(known.kind == EventKind.TIER_CHANGED.number):
        tier[known.account[result]] = json.loads(NOTES[known.codes["note"][result]])["to"]
    return tier


def contacts_of(simulation: Simulation, known: Entries) -> pd.DataFrame:
    """Contacts met so far, at least one for each account; the first one decides."""
    most = np.ones(len(simulation.accounts), dtype=np.int64)
    np.maximum.at(most, known.account, known.codes["contact"] + 1)
    account = np.repeat(np.arange(len(most)), most)
    index = np.arange(len(account)) - np.repeat(np.cumsum(most) - most, most)
    roles = np.array(["owner", "manager", "buyer", "clerk", "cashier", "clerk", "clerk", "clerk"])
    return pd.DataFrame(
        {
            "contact_id": arrow.contact_ids(simulation.accounts[account], index.astype(np.int32)).to_pandas(),
            "account_id": arrow.account_ids(simulation.accounts[account]).to_pandas(),
            "role": roles[index],
            "influence": np.where(index == 0, "decides", "advises"),
        }
    )


def reps_of(simulation: Simulation) -> pd.DataFrame:
    """Everybody who held a seat of the block until now."""
    seats, rows = simulation.seats, []
    rep, dates = simulation.world.playbook.rep, simulation.world.almanac.dates
    last = simulation.world.almanac.at(simulation.number - 1)
    for seat in range(len(seats.region)):
        number = int(simulation.traits.seat[0]) + seat
        holders = seats.holder[seat, : last + 1]
        for holder in range(int(holders[0]), int(holders[-1]) + 1):
            indices = np.flatnonzero(holders == holder)
            empty = indices[seats.vacant[seat, indices]]
            first = dates.monday(int(indices[0]) - simulation.world.almanac.at(0))
            rows.append(
                {
                    "rep_id": arrow.rep_ids(np.array([number * HOLDERS + holder]))[0].as_py(),
                    "manager_id": f"M{NAMES[seats.region[seat]]}",
                    "region": NAMES[seats.region[seat]],
                    "started_on": first - timedelta(weeks=200 if indices[0] == 0 else 0),
                    "left_on": dates.monday(int(empty[0]) - simulation.world.almanac.at(0)) if len(empty) else None,
                    "minutes_per_week": rep.minutes_per_week,
                    "stops_per_week": rep.stops_per_week,
                    "budget_per_week": rep.budget_per_week,
                }
            )
    return pd.DataFrame(rows)
