"""Stores of a simulated company have places and visiting times that schedules can read."""

import re

import numpy as np
import pytest

from experiments.world.simulation import Simulation
from experiments.world.visiting import CITIES, visiting_columns
from kqml.dataset.tables import PATTERNS
from models.policy.schedule.distances import km_between


@pytest.fixture(scope="module")
def simulation(small_world):
    return Simulation(small_world, range(small_world.shape.reps))


@pytest.fixture(scope="module")
def columns(simulation):
    return visiting_columns(simulation.world.seed, simulation.draws, simulation.traits)


def test_every_text_has_the_form_of_the_data_contract(columns):
    for name in ("visit_weekdays", "visit_time", "opening_hours"):
        values = [value for value in columns[name] if value is not None]
        assert values
        assert [value for value in values if not re.search(PATTERNS["accounts", name], value)] == []


def test_the_stores_of_a_rep_lie_around_the_city_of_the_region(simulation, columns):
    cities = np.array(list(CITIES.values()))[simulation.traits.region]
    points = zip(columns["latitude"].tolist(), columns["longitude"].tolist(), strict=True)
    distances = [km_between(point, tuple(city)) for point, city in zip(points, cities.tolist(), strict=True)]
    assert max(distances) < 80


def test_the_stores_of_a_route_share_their_first_weekday(columns):
    by_route = {}
    for route, days in zip(columns["route"], columns["visit_weekdays"], strict=True):
        assert (route is None) == (days is None)
        if route is not None:
            by_route.setdefault(route, []).append(set(days.split(",")))
    assert all(set.intersection(*days) for days in by_route.values())


def test_a_block_of_seats_has_the_columns_of_the_whole(small_world, columns):
    block = Simulation(small_world, range(2, 4))
    own = visiting_columns(small_world.seed, block.draws, block.traits)
    start = int(block.accounts[0])
    assert {name: list(values) for name, values in own.items()} == {
        name: list(values[start : start + len(block.accounts)]) for name, values in columns.items()
    }
