"""The logs of the study: rows as a learner sees them, each with the truth of its own week."""

import numpy as np
import pytest

from experiments.studies.uplift.world_logs import WARM_UP, study_log
from experiments.world.actions import WorldAction
from experiments.world.population import SizeShape
from experiments.world.truth import HORIZON
from experiments.world.world import build_world


@pytest.fixture(scope="module", params=["reference", "behaviour"])
def log(request):
    return study_log(build_world(SizeShape(150, 3, WARM_UP + 2 + HORIZON + 1), 0), request.param, 2, 0.5, 200, paths=4)


def test_each_row_has_its_truth(log):
    assert len(log.sample) > 100
    assert log.true.shape == (len(log.sample), len(WorldAction))
    assert (log.true[:, WorldAction.WAIT] == 0).all()
    assert np.isfinite(log.true).all()
    assert np.abs(log.true[:, WorldAction.VISIT]).max() > 0


def test_chances_are_known_where_packages_were_drawn(log):
    drawn = log.name == "reference"
    assert np.isfinite(log.sample.probability).all() == drawn
    if drawn:
        assert log.sample.probability == pytest.approx(1.0 / log.sample.eligible.sum(axis=1))
    assert {label[0] for label in log.situation} <= set("ABC?")
    assert log.sample.values.shape[1] == len(log.columns) > 40
