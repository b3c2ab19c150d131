"""Plans of a small world: every one has an interval, none promises money that is not there."""

import argparse

import pytest

from experiments.bench import claims
from experiments.studies.claims.claimed_plans import ClaimedPlan


def plan(seed=1, value=10.0, low=5.0, high=15.0, true=8.0, precision=0.01):
    return ClaimedPlan(seed, 1000, value, low, high, 20.0, true, 0.5, precision)


def test_a_small_world_claims_nothing_that_is_not_there():
    parser = argparse.ArgumentParser()
    claims.describe(parser)
    result = claims.run(parser.parse_args(["--quick"]))
    assert result["all"]["plans"] == 6
    assert len(result["worlds"]) == 3
    assert result["all"]["coverage"]["value"] >= 5 / 6
    assert result["all"]["shown"] == 0
    assert result["all"]["guess_ratio"] is None or result["all"]["guess_ratio"]["value"] > 1
    assert result["no_effect"]["plans"] == result["no_effect"]["worthless"] == 2
    assert result["no_effect"]["false_claims"] == 0
    assert any("coverage" in line for line in claims.render(result))


def test_what_is_shown_too_high_and_what_is_worth_nothing_are_counted():
    plans = [
        plan(),
        plan(seed=2, true=2.0),
        plan(seed=2, true=-1.0),
        plan(seed=3, true=-1.0, precision=0.5),
        plan(seed=3, low=-1.0),
    ]
    found = claims.summary(plans)
    assert (found["shown"], found["overclaimed"]) == (3, 2)
    assert (found["worthless"], found["false_claims"]) == (2, 1)
    assert found["coverage"]["value"] == pytest.approx(2 / 5)
    assert found["ratio"]["value"] == pytest.approx(50 / 16)
    assert found["ratio"]["low"] < found["ratio"]["value"] < found["ratio"]["high"]


def test_nothing_is_divided_by_a_truth_that_may_be_zero():
    assert claims.summary([plan(true=0.5), plan(true=-0.5)])["ratio"] is None
