"""The parts of the hazard add up to it, and each driver owns what it did."""

import numpy as np
import pytest

from experiments.world.drivers import DRIVERS, log_hazard_of
from experiments.world.dynamics import MOST_HAZARD, hazard
from experiments.world.journal import Journal
from experiments.world.population import SizeShape
from experiments.world.simulation import Simulation
from experiments.world.state import NONE
from experiments.world.world import build_world


@pytest.fixture(scope="module")
def lived():
    """A world whose satisfaction has no noise and no fit, so that drivers are all there is."""
    world = build_world(SizeShape(400, 8, 80), 3)
    object.__setattr__(world.effects, "satisfaction_noise", 0.0)
    simulation = Simulation(world, range(8), journal=Journal())
    while simulation.number < 80:
        simulation.live()
    return simulation


def test_the_parts_of_satisfaction_add_up_to_what_is_not_fit(lived):
    """Fit pulls towards itself and the first mood fades; in eighty weeks and the burn-in both have settled."""
    whole = sum(lived.parts.satisfaction.values())
    settled = lived.traits.opens < -30
    assert whole[settled] == pytest.approx((lived.state.satisfaction - lived.traits.fit)[settled], abs=0.02)


def test_the_parts_of_the_log_hazard_add_up_but_for_fit(lived):
    state, effects = lived.state, lived.world.effects
    added = log_hazard_of(effects, lived.parts, state, lived.number)
    found = hazard(effects, state, lived.number)
    plain = (np.abs(state.satisfaction) < 1.2) & (found < MOST_HAZARD) & (lived.traits.opens < -30)
    rest = np.log(found / effects.base_hazard) - sum(added.values())
    assert set(added) == set(DRIVERS)
    assert rest[plain] == pytest.approx(-effects.hazard_weight * lived.traits.fit[plain], abs=0.05)


def test_the_parts_of_a_grievance_add_up_to_it(lived):
    assert sum(lived.parts.grievance.values()) == pytest.approx(lived.state.grievance, abs=1e-9)


@pytest.mark.parametrize(
    ("driver", "acts"),
    [
        ("competitor", lambda state: state.courted != NONE),
        ("account_cash", lambda state: state.overdue != NONE),
        ("neglect", lambda state: state.closeness < 0.3),
    ],
)
def test_a_driver_pushes_where_it_acts(lived, driver, acts):
    added = log_hazard_of(lived.world.effects, lived.parts, lived.state, lived.number)[driver]
    where = acts(lived.state) & (lived.traits.opens < 0)
    assert where.any()
    assert (added[where] > 0).all()


def test_a_simulation_without_a_journal_keeps_no_parts(lived):
    assert lived.forked(0).parts is None
