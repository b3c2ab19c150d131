"""Where the stores of a simulated company are, and when they are visited.

Nothing of it touches what accounts do: it is drawn under purposes of its own and read by schedules only.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.world.draws import Draws, Flags, Floats
from experiments.world.population import SEGMENTS, Traits
from experiments.world.regions import NAMES
from kqml.calendar.visiting_times import WEEKDAYS

CITIES = {
    "central": (30.59, 114.30),
    "east": (31.23, 121.47),
    "north": (39.90, 116.40),
    "northwest": (34.34, 108.94),
    "south": (23.13, 113.26),
    "southwest": (30.57, 104.07),
}
"""Latitude and longitude of the city in the middle of each region."""

KM_PER_MINUTE = 0.2
KM_PER_DEGREE = 111.2
SPREAD_DEGREES = 0.25
"""How far the middle of a rep's area lies from the city, at most, in each direction."""

SECTORS = 5
FIXED_SHARE = 0.3
"""Share of stores with a fixed weekday: that of the sector of the rep's area in which they lie."""

QUIET_SHARE = 0.15
QUIET_TIME = "14:00-16:30"
HOURS = {
    "pharmacy": "08:30-21:00",
    "supermarket": "08:00-22:00",
    "dealer": "Mo-Fr 09:00-12:00,13:30-17:30; Sa 09:00-12:00",
}


def visiting_columns(seed: int, draws: Draws, traits: Traits) -> dict[str, Any]:
    """Return the columns of `accounts` that say where and when each store is visited.

    A store lies as far from the middle of the rep's area as its minutes of travel say.
    """
    bearing = draws.uniform("visiting bearing")
    latitude, longitude = _coordinates(seed, traits, 2 * np.pi * bearing)
    sector = np.floor(SECTORS * bearing).astype(np.int64)
    fixed = draws.uniform("visiting fixed") < FIXED_SHARE
    quiet = draws.uniform("visiting quiet") < QUIET_SHARE
    routes = [f"{seat:04d}-{part + 1}" for seat, part in zip(traits.seat, sector, strict=True)]
    return {
        "visit_weekdays": _where(fixed, _weekdays(sector, traits.tier)),
        "visit_time": _where(quiet, [QUIET_TIME] * len(traits)),
        "route": _where(fixed, routes),
        "opening_hours": np.array([HOURS[name] for name in SEGMENTS], dtype=object)[traits.segment],
        "latitude": np.round(latitude, 5),
        "longitude": np.round(longitude, 5),
    }


def _coordinates(seed: int, traits: Traits, bearing: Floats) -> tuple[Floats, Floats]:
    seats = Draws.of(seed, "seat", traits.seat.astype(np.int64))
    cities = np.array([CITIES[name] for name in NAMES])[traits.region]
    offset = [SPREAD_DEGREES * (2 * seats.uniform("visiting middle", index=index) - 1) for index in (1, 2)]
    km = KM_PER_MINUTE * traits.far
    latitude = cities[:, 0] + offset[0] + km * np.cos(bearing) / KM_PER_DEGREE
    longitude = cities[:, 1] + offset[1] + km * np.sin(bearing) / (KM_PER_DEGREE * np.cos(np.radians(latitude)))
    return latitude, longitude


def _weekdays(sector: NDArray[np.int64], tier: NDArray[np.int8]) -> list[str]:
    """The sector's weekday; stores of tier A have a second one two working days away."""
    pairs = [sorted({day, (day + 2) % SECTORS} if top else {day}) for day, top in zip(sector, tier == 0, strict=True)]
    return [",".join(WEEKDAYS[day] for day in days) for days in pairs]


def _where(mask: Flags, values: Sequence[str]) -> list[str | None]:
    """The values where the mask holds, None elsewhere."""
    return [value if holds else None for holds, value in zip(mask, values, strict=True)]
