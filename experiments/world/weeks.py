"""What a week brings to each account whatever is done: its region's and its seat's week, the calendar."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.world.almanac import Almanac
from experiments.world.draws import Flags, Floats
from experiments.world.population import Traits
from experiments.world.regions import Regions
from experiments.world.seats import NEW_WEEKS, Seats


@dataclass(frozen=True)
class Week:
    """One week; scalars of the calendar, arrays of one number per account. `begins`: the instant of its cutoff."""

    number: int
    begins: int
    open_share: float
    season: float
    quarter_end: bool
    pressure: Floats
    stress: Floats
    price_rise: Flags
    promotion: Flags
    market: Floats
    vacant: Flags
    rep_left: Flags
    new_rep: Flags
    skill: Floats
    diligence: Floats
    faking: Floats
    pushy: Floats
    room: Floats

    def take(self, index: Any) -> "Week":
        arrays = {name: value[index] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return Week(**{**vars(self), **arrays})


def week_of(number: int, almanac: Almanac, regions: Regions, seats: Seats, traits: Traits, room: Floats) -> Week:
    """The week `number` as each account of `traits` lives it; seats are numbered from the first of `traits`.

    `room`: per seat the share of its full cadence that fits into the rep's hours.
    """
    place, region, seat = almanac.at(number), traits.region, traits.seat - traits.seat[0]
    return Week(
        number=number,
        begins=almanac.dates.cutoff(number),
        open_share=float(almanac.open_share[place]),
        season=float(almanac.season[place]),
        quarter_end=bool(almanac.quarter_end[place]),
        pressure=regions.pressure[region, place],
        stress=regions.stress[region, place],
        price_rise=regions.price_rise[region, place],
        promotion=regions.promotion[region, place],
        market=regions.market[region, place],
        vacant=seats.vacant[seat, place],
        rep_left=seats.left[seat, place],
        new_rep=seats.tenure[seat, place] < NEW_WEEKS,
        skill=seats.skill[seat, place],
        diligence=seats.diligence[seat, place],
        faking=seats.faking[seat, place],
        pushy=seats.pushy[seat, place],
        room=room[seat],
    )
