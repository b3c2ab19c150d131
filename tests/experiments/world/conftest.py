"""Small worlds that several tests live in."""

import pytest

from experiments.world.journal import Journal
from experiments.world.population import SizeShape
from experiments.world.simulation import Simulation
from experiments.world.world import World, build_world


def lived(world: World, weeks: int, *, journal: bool = False) -> Simulation:
    simulation = Simulation(world, range(world.shape.reps), journal=Journal() if journal else None)
    for _ in range(weeks):
        simulation.live()
    return simulation


@pytest.fixture(scope="session")
def small_world() -> World:
    return build_world(SizeShape(accounts=240, reps=6, weeks=60), seed=5)
