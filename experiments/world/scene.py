"""A week that has been lived, as it has to be written down."""

from dataclasses import dataclass

import numpy as np

from experiments.world.acting import Acts
from experiments.world.almanac import instant_in
from experiments.world.draws import Draws, Flags, Floats, Indices
from experiments.world.dynamics import WeekOutcomes
from experiments.world.orders import Crossings
from experiments.world.population import Traits
from experiments.world.state import WorldState
from experiments.world.weeks import Week
from kqml.calendar.business_time import Instants

HOLDERS = 64
"""Rep codes are seat × HOLDERS + holder."""


@dataclass(frozen=True)
class Scene:
    """A week that has been lived, as it has to be written down. `place`: of each account in the block's journal.
    `before`: the state at the cutoff. `books`, `buying`: on the books; still a customer. `rep`: code of the holder."""

    week: Week
    traits: Traits
    before: WorldState
    outcomes: WeekOutcomes
    acts: Acts
    crossings: Crossings
    books: Flags
    buying: Flags
    rep: Indices
    lag_days: Floats
    draws: Draws

    def when(self, purpose: str, who: Indices, index: int = 0) -> Instants:
        """Working hours of a working day in the week."""
        draws, w = self.draws.take(who), self.week.number
        day = np.floor(5 * draws.uniform(purpose + "_day", w, index))
        return instant_in(self.week.begins, day, 8.5 + 9 * draws.uniform(purpose + "_hour", w, index))

    def lag(self, who: Indices, purpose: str, middle: Floats | float) -> Floats:
        """Days until something is recorded."""
        return np.asarray(middle * np.exp(0.6 * self.draws.take(who).normal(purpose, self.week.number)))
