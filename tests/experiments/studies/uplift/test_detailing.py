"""The honest study of rep calls: the naive answer is several times too large."""

import pytest

from experiments.studies.uplift.detailing import read_panel, render, study

pytestmark = pytest.mark.needs_data


def test_within_physicians_calls_do_a_fraction_of_what_the_naive_slope_says(monkeypatch, data_dir):
    monkeypatch.setenv("KQML_DATA_DIR", str(data_dir))
    found = study(read_panel())
    naive, within = found["per_call"]["naive"], found["per_call"]["within_physician"]
    assert naive["value"] > 4 * within["value"] > 0
    assert within["high"] < naive["low"]
    assert found["basis"] == "observational"
    for one in found["by_calls"].values():
        assert one["high"] < one["naive"]["low"]
    assert len(render(found)) == 6
