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
    position, region, seat = almanac.at(number), traits.region, traits.seat - traits.seat[0]
    return Week(
        number=number,
        begins=almanac.dates.cutoff(number),
        open_share=float(almanac.open_share[position]),
        season=float(almanac.season[position]),
        quarter_end=bool(almanac.quarter_end[position]),
        pressure=regions.pressure[region, position],
        stress=regions.stress[region, position],
        price_rise=regions.price_rise[region, position],
        promotion=regions.promotion[region, position],
        market=regions.market[region, position],
        vacant=seats.vacant[seat, position],
        rep_left=seats.left[seat, position],
        new_rep=seats.tenure[seat, position] < NEW_WEEKS,
        skill=seats.skill[seat, position],
        diligence=seats.diligence[seat, position],
        faking=seats.faking[seat, position],
        pushy=seats.pushy[seat, position],
        room=room[seat],
    )
