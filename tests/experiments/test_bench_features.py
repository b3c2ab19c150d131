"""The feature bench compares the same numbers: every formulation gives what our engine gives."""

import numpy as np
import pytest

from experiments.bench.feature_build.company import START, cutoffs_of, write_company
from experiments.bench.feature_build.feature_requests import SETS, feature_request
from experiments.bench.feature_build.runner import BUILDS, consumed
from experiments.bench.features import equality
from kqml.calendar.business_time import DAY_US

CUTOFFS = cutoffs_of(2).tolist()
RUNS = [
    ("polars by_cutoff", "full"),
    ("polars by_pairs", "core"),
    ("duckdb by_cutoff", "core"),
    ("duckdb by_range_join", "full"),
]


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench") / "company"
    write_company(folder, accounts=600, events=9_000)
    return folder


def sample(company, formulation, name, folder):
    rows, found = consumed(BUILDS[formulation]()(company, feature_request(SETS[name]()), CUTOFFS))
    assert rows == 600 * len(CUTOFFS)
    path = folder / f"{formulation}.npz"
    np.savez(path, account=found.account, cutoff=found.cutoff, values=found.values)
    return path


@pytest.mark.parametrize(("formulation", "name"), RUNS)
def test_a_formulation_equals_our_engine(company, tmp_path, formulation, name):
    ours, theirs = (sample(company, one, name, tmp_path) for one in ("engine", formulation))
    assert equality(theirs, ours, name) == {"equal": True, "different": []}
    assert np.isfinite(np.load(ours)["values"]).mean() > 0.4


def test_a_different_number_is_told_by_its_column(company, tmp_path):
    ours = sample(company, "engine", "core", tmp_path)
    wrong = dict(np.load(ours))
    wrong["values"][0, 0] += 1
    np.savez(tmp_path / "wrong.npz", **wrong)
    assert equality(tmp_path / "wrong.npz", ours, "core") == {"equal": False, "different": ["order_since_last"]}


def test_cutoffs_end_with_the_history():
    assert [(cutoff - START) // DAY_US for cutoff in cutoffs_of(3)] == [1044, 1072, 1100]
