"""Living in a world, week by week."""

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from experiments.world import drivers
from experiments.world.acting import Acts, WeekIntent, act, own_plan
from experiments.world.almanac import BURN_IN
from experiments.world.behaviour import Habits, behaviour, choose, eligible, room_of
from experiments.world.contact_records import write_contact
from experiments.world.draws import Draws, Flags, Floats, Indices
from experiments.world.drivers import Parts
from experiments.world.dynamics import Moment, WeekOutcomes, advance
from experiments.world.journal import NOTES, Journal
from experiments.world.known import KnownEvents
from experiments.world.orders import RETURNED, Crossings, cross, median_size, order_rate, ordering, return_probability
from experiments.world.population import TIERS, Traits, make_traits, tier_of
from experiments.world.regions import NAMES
from experiments.world.scene import HOLDERS, Scene
from experiments.world.seats import Seats, make_seats
from experiments.world.state import NONE, WorldState, another_gap, lives, newborn, noticed
from experiments.world.trade_records import write_trade
from experiments.world.weeks import Week, week_of
from experiments.world.world import RUN_OUT, World
from kqml.events import EventKind


@dataclass(frozen=True)
class SimulatedWeeks:
    """One week as it was: what the state was at its cutoff, what was done, what came of it.

    `probabilities`: of the rep's own actions; `allowed`: the eligible ones. `amount`: of the week's orders; `net`:
    less the returns to be expected of them.
    """

    week: Week
    before: WorldState
    acts: Acts
    probabilities: Floats
    allowed: Flags
    outcomes: WeekOutcomes
    buying: Flags
    quits: Flags
    amount: Floats
    net: Floats


class Simulation:
    """The accounts of some seats at a cutoff; `live` moves them to the next one.

    Guards the state: everything it hands out belongs to the cutoff `number` or to a week already lived.
    """

    def __init__(self, world: World, seats: range, *, journal: Journal | None = None) -> None:
        self.world = world
        self.accounts = world.accounts_of(seats)
        self.draws = Draws.of(world.seed, "account", self.accounts)
        holders = np.arange(seats.start, seats.stop, dtype=np.int64)
        self.seats: Seats = make_seats(world.seed, holders, world.shape.weeks + RUN_OUT, len(NAMES), world.rules.seats)
        self.traits: Traits = make_traits(
            self.draws, self.accounts, world.shape, self.seats.region, world.fitted, world.margins
        )
        self.room = room_of(world.playbook, self.traits.seat, self.traits.tier)
        self.journal = journal
        self.known = None if journal is None else KnownEvents(journal, _numbers(world.rules.hidden))
        self._newborn = newborn(self.traits, self.draws, world.effects.drift_spread)
        self.state: WorldState = self._newborn
        self.parts: Parts | None = None if journal is None else drivers.no_parts(self.state)
        self.number = -BURN_IN
        while self.number < 0:
            self.live()

    def forked(self, path: int) -> "Simulation":
        """The same accounts at the same cutoff with another future; it records nothing."""
        fork = copy(self)
        fork.draws = self.draws.on_path(np.full(len(self.draws), path))
        fork.journal = fork.known = fork.parts = None
        fork.state = self.state.with_(left=another_gap(self.traits, self.state, fork.draws, self.number))
        return fork

    @property
    def week(self) -> Week:
        """The week that begins at the cutoff."""
        return self.week_at(self.number)

    def week_at(self, number: int) -> Week:
        """A week of the world, lived or not yet."""
        return week_of(number, self.world.almanac, self.world.regions, self.seats, self.traits, self.room)

    @property
    def habits(self) -> Habits:
        """The reps' habits in this week."""
        rules = self.world.rules
        ruled = rules.feedback_from is not None and self.number >= rules.feedback_from
        return replace(rules.habits, risk_list=1.2, trouble=0.3) if ruled else rules.habits

    @property
    def books(self) -> Flags:
        return lives(self.traits, self.state, self.number)

    def intentions(self) -> tuple[Floats, Flags, NDArray[np.int8]]:
        """The reps' own chances, the eligible actions, what the reps would do of their own."""
        allowed = eligible(self.world.playbook, self.traits, self.state, self.week)
        probabilities = behaviour(self.traits, self.state, self.week, self.habits, allowed)
        return probabilities, allowed, choose(probabilities, self.draws.uniform("own_choice", self.number))

    def priority(self) -> Floats:
        """What reps do first when hours are short: complaints, then the larger accounts."""
        return np.asarray((self.state.complaint != NONE) * 10.0 + np.log(self.state.sales + 1.0), dtype=np.float64)

    def live(self, plan: Callable[[NDArray[np.int8]], WeekIntent] | None = None) -> SimulatedWeeks:
        """Lives one week; `plan` turns the reps' own actions into the week's plan."""
        self._open_accounts()
        week, books = self.week, self.books
        probabilities, allowed, own = self.intentions()
        intent = own_plan(own, self.priority()) if plan is None else plan(own)
        acts = act(intent, self.world.playbook, self.traits.seat, week, self.draws)
        buying = ordering(self.traits, self.state, books)
        crossings, ordered = self._order(week, buying)
        before = self.state
        moment = Moment(self.world.effects, self.traits, ordered, week, acts.done, self.draws)
        after, result = advance(moment)
        if self.parts is not None:
            self.parts = drivers.driver_history(self.parts, moment, result, after)
        quits = buying & (self.draws.uniform("quits", week.number) < result.hazard) & (week.number >= 0)
        ordered_for = np.bincount(crossings.account, weights=crossings.amount, minlength=len(books)).astype(np.float64)
        stuffed = result.stuffed * np.exp(self.traits.norm) * buying
        net = ordered_for * (1.0 - RETURNED * return_probability(before)) + stuffed
        rollout = SimulatedWeeks(
            week, before, acts, probabilities, allowed, result, buying, quits, ordered_for + stuffed, net
        )
        if self.journal is not None and week.number >= 0:
            self._record(rollout, crossings, books)
        self.state = self._end_week(after, rollout, crossings, books)
        self.number += 1
        return rollout

    def _order(self, week: Week, buying: Flags) -> tuple[Crossings, WorldState]:
        effects = self.world.effects
        rate = order_rate(effects, self.traits, self.state, week) * buying
        return cross(rate, median_size(effects, self.traits, self.state, week), self.traits, self.state, self.draws)

    def _open_accounts(self) -> None:
        """Accounts that open in this week begin afresh."""
        opening = self.traits.opens == self.number
        if opening.any():
            fields = {
                name: np.where(opening, getattr(self._newborn, name), value) for name, value in vars(self.state).items()
            }
            self.state = WorldState(**fields)
            if self.parts is not None:
                self.parts = drivers.start_drivers(self.parts, opening, self.state)

    def _end_week(self, after: WorldState, weeks: SimulatedWeeks, crossings: Crossings, books: Flags) -> WorldState:
        """What reps notice of orders; departures; the review of tiers in January."""
        state, week = weeks.before, weeks.week.number
        ordered = np.bincount(crossings.account, minlength=len(self.accounts)) > 0
        ends = books & (weeks.outcomes.closes | (self.traits.handed_over == week)) & (week >= 0)
        return after.with_(
            **noticed(state, ordered, weeks.amount, weeks.week.open_share),
            gone=state.gone | weeks.quits,
            ended=np.where(ends, week, state.ended),
            tier=self._reviewed(state, week),
        )

    def _reviewed(self, state: WorldState, week: int) -> NDArray[np.int8]:
        first = self.world.almanac.dates.monday(week + 1)
        if week < 0 or first.month != 1 or first.day > 7:
            return state.tier
        return tier_of(np.log(state.sales + 1.0), self.world.fitted)

    def _record(self, weeks: SimulatedWeeks, crossings: Crossings, books: Flags) -> None:
        assert self.journal is not None
        seat, position = self.traits.seat - self.traits.seat[0], self.world.almanac.at(weeks.week.number)
        scene = Scene(
            week=weeks.week,
            traits=self.traits,
            before=weeks.before,
            outcomes=weeks.outcomes,
            acts=weeks.acts,
            crossings=crossings,
            books=books,
            buying=weeks.buying,
            rep=self.traits.seat * HOLDERS + self.seats.holder[seat, position],
            lag_days=self.seats.lag_days[seat, position],
            draws=self.draws,
        )
        write_trade(self.journal, scene)
        write_contact(self.journal, scene)
        self._record_organisation(scene, self.seats.arrived[seat, position])

    def _record_organisation(self, scene: Scene, arrived: Flags) -> None:
        """New reps, closures, transfers, changed tiers."""
        assert self.journal is not None
        journal, week = self.journal, scene.week.number
        who = np.flatnonzero(scene.books & arrived)
        journal.add(EventKind.REP_ASSIGNED, week, who, np.full(len(who), scene.week.begins), rep=scene.rep[who])
        handed = self.traits.handed_over == week
        closed = np.flatnonzero(scene.books & scene.outcomes.closes & ~handed)
        late = 5 + 25 * self.draws.uniform("closure_lag", week)[closed]
        journal.add(EventKind.ACCOUNT_CLOSED, week, closed, scene.when("closed", closed), known_after_days=late)
        moved = np.flatnonzero(scene.books & handed)
        journal.add(EventKind.ACCOUNT_TRANSFERRED, week, moved, scene.when("moved", moved), known_after_days=3.0)
        tier = self._reviewed(scene.before, week)
        changed = np.flatnonzero(scene.books & (tier != scene.before.tier))
        names = np.array(TIERS)
        notes = [
            NOTES.index(f'{{"from":"{old}","to":"{new}"}}')
            for old, new in zip(names[scene.before.tier[changed]], names[tier[changed]], strict=True)
        ]
        journal.add(
            EventKind.TIER_CHANGED,
            week,
            changed,
            np.full(len(changed), self.world.almanac.dates.cutoff(week + 1)),
            note=np.array(notes, dtype=int),
        )


def _numbers(kinds: Iterable[EventKind]) -> frozenset[int]:
    return frozenset(kind.number for kind in kinds)


def all_seats(world: World) -> range:
    return range(world.shape.reps)


__all__ = ["Indices", "SimulatedWeeks", "Simulation", "all_seats"]
