"""Order logs to compare: real stores from the public data, a world's own."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from experiments.public_data import data_folder
from experiments.world.almanac import START, TIME_ZONE
from experiments.world.draws import Indices
from experiments.world.fit.marginals import OrderLog
from experiments.world.journal import Journal
from experiments.world.population import SizeShape
from experiments.world.simulation import Simulation
from experiments.world.world import World
from kqml.calendar.business_time import local_days
from kqml.errors import CouldNot
from kqml.events import EventKind

FILES = {"stores": "iowa/store_day.parquet", "vendor": "iowa/vendor85_store_day.parquet"}
IOWA_START = date(2012, 1, 1)

FIT_SHAPE = SizeShape(accounts=2800, reps=56, weeks=260)
"""The world that is compared: as many accounts as there are stores, five years."""


def real_orders(name: str) -> OrderLog:
    """The order days of the Iowa stores (`stores`), or of one vendor's goods in them (`vendor`)."""
    path = data_folder() / FILES[name]
    try:
        frame = pd.read_parquet(path)
    except OSError as error:
        raise CouldNot(f"{path} cannot be read: {error}") from error
    frame = frame[frame["dollars"] > 0].sort_values(["store", "date"], kind="stable")
    day = (pd.to_datetime(frame["date"]).astype("datetime64[s]") - pd.Timestamp(IOWA_START)).dt.days.to_numpy()
    account = np.unique(frame["store"].to_numpy(), return_inverse=True)[1]
    return OrderLog(account, day.astype(np.int64), frame["dollars"].to_numpy(np.float64), int(day.max()) + 1)


def world_orders(world: World) -> OrderLog:
    """The order days of a world under the reps' own behaviour, orders of one day added up."""
    simulation = Simulation(world, range(world.shape.reps), journal=Journal(world.almanac.dates.cutoff(0)))
    for _ in range(world.shape.weeks):
        simulation.live()
    assert simulation.journal is not None
    entries = simulation.journal.entries()
    orders = entries.take(entries.kind == EventKind.ORDER.number)
    day = (
        local_days(orders.occurred_at, TIME_ZONE) - local_days(np.array([world.almanac.dates.cutoff(0)]), TIME_ZONE)[0]
    )
    key, inverse = np.unique(orders.account * 10_000 + day, return_inverse=True)
    amount = np.bincount(inverse, weights=orders.numbers["amount"]).astype(np.float64)
    account = np.unique(key // 10_000, return_inverse=True)[1]
    return OrderLog(account, key % 10_000, amount, world.shape.weeks * 7)


def months(log: OrderLog, start: date) -> Indices:
    """The month, 0 to 11, of each day of a log that starts on `start`."""
    return np.array([(start + timedelta(days=number)).month - 1 for number in range(log.days)], dtype=np.int64)


WORLD_START = START
