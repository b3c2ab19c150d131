"""The published findings come out of the world."""

import pytest

from experiments.world.evidence import all_findings
from experiments.world.parameters import evidence
from experiments.world.population import SizeShape
from experiments.world.world import build_world


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 6])
def test_worlds_answer_as_published_in_the_middle_of_their_ranges_and_drawn(seed):
    found = all_findings(build_world(SizeShape(1000, 20, 200), seed or 0, middle=seed is None))
    assert set(found) == set(evidence())
    assert {name: round(one.value, 3) for name, one in found.items() if not one.holds} == {}
