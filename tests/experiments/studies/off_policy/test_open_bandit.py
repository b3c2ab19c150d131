"""The known answers of the Open Bandit logs: approximate one way, refused the other."""

import pytest

from experiments.studies.off_policy.open_bandit import from_one_log


@pytest.mark.needs_data
@pytest.mark.parametrize("campaign", ["men", "women"])
def test_the_value_of_bts_from_random_logs_is_approximate_and_holds_its_own_clicks(data_dir, campaign):
    told = from_one_log(campaign, "random", "bts", data_dir)
    assert told["approximate"]
    assert not told["refused"]
    assert told["effective"] > 1_000
    assert 0.8 <= told["mean_weight"] <= 1.2
    for name in ("ips", "snips", "doubly_robust"):
        assert told["values"][name]["low"] <= told["own_log"] <= told["values"][name]["high"]


@pytest.mark.needs_data
def test_random_from_bts_logs_of_women_is_refused(data_dir):
    told = from_one_log("women", "bts", "random", data_dir)
    assert told["refused"]
    assert told["effective"] == pytest.approx(2, abs=0.5)
    assert told["values"] == {}
