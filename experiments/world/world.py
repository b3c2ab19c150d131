"""A world before anybody has lived in it: everything that its seed, size, scenarios decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from experiments.world.actions import NAMES
from experiments.world.almanac import TIME_ZONE, Almanac, WeekDates, make_almanac
from experiments.world.draws import Floats
from experiments.world.parameters import FittedMarginals, WorldEffects, draw_effects, read_fitted, world_hash
from experiments.world.population import SEGMENTS, SizeShape, seat_of
from experiments.world.regions import Regions, make_regions
from experiments.world.scenarios import ScenarioRules, rules_of
from kqml.calendar.business_time import local_midnight
from kqml.errors import BadUse, Fault
from kqml.playbook import Playbook, read_playbook

RUN_OUT = 30
"""Weeks beyond the meant ones for which regions and seats are drawn, so that a horizon fits behind the last week."""

END_YEARS = range(2000, 2099)
"""Years in which records may end: the oldest accounts open nine years before week 0, and dates before 1970 are refused;
the lunar calendar ends with 2100."""


@dataclass(frozen=True)
class World:
    """`shape`: its size. `seed`: of luck and parameters alike. `hash`: of what was fixed beforehand. `end`: the day
    before which the company's records end; without one they end with the last week, counted from the usual start."""

    shape: SizeShape
    seed: int
    rules: ScenarioRules
    scenarios: tuple[str, ...]
    effects: WorldEffects
    fitted: FittedMarginals
    fit: str
    playbook: Playbook
    end: date | None = None

    @cached_property
    def almanac(self) -> Almanac:
        dates = WeekDates() if self.end is None else WeekDates.up_to(self.end, self.shape.weeks)
        return make_almanac(
            dates,
            self.shape.weeks + RUN_OUT,
            self.fitted.season,
            festival_kept=self.rules.festival_kept,
            last_closure_days=self.rules.last_closure_days,
        )

    @cached_property
    def regions(self) -> Regions:
        return make_regions(self.seed, self.shape.weeks + RUN_OUT, self.rules.regions)

    @property
    def records_end(self) -> date:
        """The first day of which the company knows nothing."""
        return self.end or self.almanac.dates.monday(self.shape.weeks)

    @property
    def known_before(self) -> int:
        """The instant at which the company's records end."""
        return local_midnight(self.records_end, TIME_ZONE)

    @property
    def margins(self) -> Floats:
        return np.array([self.playbook.margin_rate[segment] for segment in SEGMENTS])

    @property
    def hash(self) -> str:
        return world_hash(self.fit, self.playbook)

    def blocks(self, most_accounts: int = 5_000) -> list[range]:
        """The seats in runs of at most about `most_accounts` accounts; a block never splits a seat."""
        per_seat = self.shape.accounts / self.shape.reps
        step = max(1, int(most_accounts / per_seat))
        return [range(start, min(start + step, self.shape.reps)) for start in range(0, self.shape.reps, step)]

    def accounts_of(self, seats: range) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The numbers of the accounts of these seats."""
        low = -(-seats.start * self.shape.accounts // self.shape.reps)
        high = -(-seats.stop * self.shape.accounts // self.shape.reps)
        return np.arange(low, high, dtype=np.int64)


def build_world(
    shape: SizeShape,
    seed: int = 0,
    scenarios: Sequence[str] = (),
    *,
    fit: str = "stores",
    playbook: Playbook | None = None,
    middle: bool = False,
    end: date | None = None,
) -> World:
    """The world of a seed. `middle`: with every effect in the middle of its range. `end`: the day before which its
    records end. Raises BadUse where it cannot be."""
    playbook = playbook or read_playbook()
    _check(shape, playbook, end)
    fitted = read_fitted(fit)
    return World(
        shape=shape,
        seed=seed,
        rules=rules_of(scenarios, shape.weeks),
        scenarios=tuple(sorted(set(scenarios))),
        effects=draw_effects(seed, fitted, middle=middle),
        fitted=fitted,
        fit=fit,
        playbook=playbook,
        end=end,
    )


def _check(shape: SizeShape, playbook: Playbook, end: date | None) -> None:
    faults = [
        Fault(name, f"{value} is below {low}", f"give {low} or more")
        for name, value, low in (
            ("accounts", shape.accounts, shape.reps),
            ("reps", shape.reps, 1),
            ("weeks", shape.weeks, 1),
        )
        if value < low
    ]
    if playbook.action_names != NAMES:
        message = f"has the actions {', '.join(playbook.action_names)}"
        faults.append(Fault("playbook", message, f"the world knows {', '.join(NAMES)}, in this order"))
    faults += [
        Fault(f"playbook.margin_rate.{segment}", "is absent", "give a share")
        for segment in SEGMENTS
        if segment not in playbook.margin_rate
    ]
    if end is not None and end.year not in END_YEARS:
        todo = f"give a date of the years {END_YEARS[0]} to {END_YEARS[-1]}"
        faults.append(Fault("end", f"{end} is out of reach", todo))
    if faults:
        raise BadUse("Such a world cannot be.", faults)


__all__ = ["RUN_OUT", "SizeShape", "World", "build_world", "seat_of"]
