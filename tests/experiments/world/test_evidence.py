"""The published findings come out of the world."""

import pytest

from experiments.world.evidence import all_findings
from experiments.world.parameters import evidence
from experiments.world.population import Shape
from experiments.world.world import build_world


@pytest.mark.slow
def test_a_world_in_the_middle_of_its_ranges_answers_as_published():
    found = all_findings(build_world(Shape(3000, 60, 200), middle=True))
    assert set(found) == set(evidence())
    assert {name: round(one.value, 3) for name, one in found.items() if not one.holds} == {}
