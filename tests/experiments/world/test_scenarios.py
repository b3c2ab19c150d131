"""Each scenario breaks what its card says."""

import numpy as np
import pytest

from experiments.world.acting import Acts
from experiments.world.actions import IN_PERSON
from experiments.world.almanac import WeekDates
from experiments.world.journal import Journal
from experiments.world.population import SizeShape
from experiments.world.simulation import Simulation
from experiments.world.world import build_world
from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind

SHAPE = SizeShape(accounts=600, reps=15, weeks=60)
DATES = WeekDates()


class Story:
    """What a world of some scenarios lived through, week by week."""

    def __init__(self, *scenarios: str) -> None:
        self.simulation = Simulation(build_world(SHAPE, 9, scenarios), range(SHAPE.reps), journal=Journal())
        self.weeks = [self.simulation.live() for _ in range(SHAPE.weeks)]
        self.entries = self.simulation.journal.entries()

    def count(self, kind: EventKind) -> int:
        return int((self.entries.kind == kind.number).sum())

    def faked(self) -> float:
        acts: list[Acts] = [week.acts for week in self.weeks]
        return sum(one.faked.sum() for one in acts) / sum(IN_PERSON[one.meant].sum() for one in acts)


@pytest.fixture(scope="module")
def usual() -> Story:
    return Story()


def test_in_a_turnover_wave_a_third_of_the_reps_leaves_and_closeness_falls(usual):
    wave = Story("turnover_wave")
    left = [story.simulation.seats.left[:, -50:].any(axis=1).mean() for story in (wave, usual)]
    assert left[0] > left[1] + 0.15
    after = [story.weeks[50].before.closeness.mean() for story in (wave, usual)]
    assert after[0] < after[1]


def test_three_visits_in_ten_are_faked(usual):
    assert Story("fake_visits").faked() == pytest.approx(0.3, abs=0.06)
    assert usual.faked() < 0.12


def test_stuffing_makes_spikes_and_returns(usual):
    stuffed = Story("stuffing")
    pressed = [sum((week.outcomes.stuffed > 0).sum() for week in story.weeks) for story in (stuffed, usual)]
    assert pressed[0] > 2 * pressed[1]
    assert stuffed.count(EventKind.RETURN) > usual.count(EventKind.RETURN)


def test_a_shifted_festival_closes_longer_than_declared(usual):
    shifted = Story("festival_shift").simulation.world.almanac
    plain = usual.simulation.world.almanac
    assert shifted.quiet == plain.quiet
    assert (1 - shifted.open_share).sum() * 7 == pytest.approx((1 - plain.open_share).sum() * 7 + 13)


def test_late_records_are_weeks_late(usual):
    def lag(story: Story) -> float:
        visits = story.entries.take(story.entries.kind == EventKind.VISIT.number)
        return float(np.median(visits.known_at - visits.occurred_at)) / DAY_US

    assert lag(usual) < 3
    assert lag(Story("late_records")) > 14


def test_a_market_shock_takes_a_third_of_the_money_of_one_region(usual):
    shocked = Story("market_shock")
    hit = usual.simulation.traits.region == 1

    def money(story: Story, where: np.ndarray) -> float:
        return sum(week.amount[where].sum() for week in story.weeks[42:58])

    assert money(shocked, hit) / money(usual, hit) == pytest.approx(0.65, abs=0.05)
    assert money(shocked, ~hit) == money(usual, ~hit)


def test_a_competitor_that_enters_courts_more_stores_of_one_region(usual):
    entered = Story("competitor_entry")
    hit = usual.simulation.traits.region == 1
    chance = [story.weeks[50].week.pressure[hit].mean() for story in (entered, usual)]
    assert chance[0] == pytest.approx(4 * chance[1])
    begun = [sum(week.outcomes.courted[hit].sum() for week in story.weeks[40:]) for story in (entered, usual)]
    assert begun[0] > begun[1]


def test_under_policy_feedback_silence_brings_visits(usual):
    def contrast(story: Story) -> float:
        total = []
        for week in story.weeks[32:]:
            silent = week.buying & (week.before.silent > 1.5 * week.before.usual)
            rest = week.buying & ~silent
            total.append(IN_PERSON[week.acts.meant][silent].mean() - IN_PERSON[week.acts.meant][rest].mean())
        return float(np.mean(total))

    assert contrast(Story("policy_feedback")) > contrast(usual) + 0.05


def test_without_festival_orders_go_on(usual):
    def orders(story: Story) -> int:
        entries = story.entries
        inside = (entries.occurred_at >= DATES.cutoff(4)) & (entries.occurred_at < DATES.cutoff(5))
        return int((inside & (entries.kind == EventKind.ORDER.number)).sum())

    assert orders(Story("no_festival")) > 3 * orders(usual)
