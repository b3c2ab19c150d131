"""What is known grows with the cutoffs, and is the same however one came there."""

import numpy as np
import pytest

from experiments.world.almanac import WeekDates
from experiments.world.journal import Journal
from experiments.world.known import KnownEvents
from experiments.world.population import SizeShape
from experiments.world.simulation import Simulation
from experiments.world.world import build_world
from kqml.events import EventKind

SHAPE = SizeShape(60, 3, 30)
DATES = WeekDates()
IDS = np.array([f"S{number}" for number in range(60)], dtype=object)


@pytest.fixture(scope="module")
def journal():
    simulation = Simulation(build_world(SHAPE, 5), range(3), journal=Journal())
    for _ in range(SHAPE.weeks):
        simulation.live()
    return simulation.journal


def same(left, right) -> bool:
    plain = all(np.array_equal(getattr(left, name), getattr(right, name)) for name in ("offsets", "known_at", "kind"))
    values = all(np.array_equal(left.values[name], right.values[name], equal_nan=True) for name in right.values)
    return plain and values and all(np.array_equal(left.codes[name], right.codes[name]) for name in right.codes)


def test_week_by_week_gives_what_one_look_gives(journal):
    kept_up = KnownEvents(journal)
    for week in range(0, SHAPE.weeks, 3):
        grown = kept_up.log(IDS, DATES.cutoff(week))
        assert same(grown, KnownEvents(journal).log(IDS, DATES.cutoff(week)))


def test_what_is_known_is_what_was_recorded_before_and_no_more(journal):
    entries = journal.entries()
    seen = KnownEvents(journal).log(IDS, DATES.cutoff(20))
    wanted = entries.take(entries.known_at < DATES.cutoff(20))
    assert np.array_equal(seen.occurred_at, wanted.occurred_at)
    assert np.array_equal(seen.account, wanted.account)
    assert np.array_equal(seen.values["amount"], wanted.numbers["amount"], equal_nan=True)


def test_an_earlier_cutoff_may_be_asked_for_again(journal):
    known = KnownEvents(journal)
    before = known.log(IDS, DATES.cutoff(10))
    known.log(IDS, DATES.cutoff(25))
    assert same(known.log(IDS, DATES.cutoff(10)), before)


def test_a_log_once_given_does_not_change(journal):
    known = KnownEvents(journal)
    given = known.log(IDS, DATES.cutoff(10))
    count, first = len(given), given.occurred_at.copy()
    known.log(IDS, DATES.cutoff(25))
    assert len(given) == count
    assert np.array_equal(given.occurred_at, first)


def test_hidden_kinds_are_never_told(journal):
    seen = KnownEvents(journal, frozenset({EventKind.ORDER.number})).log(IDS, DATES.cutoff(25))
    assert len(seen) > 0
    assert EventKind.ORDER.number not in seen.kind
