"""The public data sets: found where they are, with where to obtain them where they are not."""

import pytest

from experiments.bench.churn import PROTOCOLS, requested_protocols
from experiments.public_data import IOWA_STORES, PUBLIC_DATA, data_folder, public_file
from kqml.errors import BadUse, CouldNot


def test_absent_data_say_where_to_obtain_each(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KQML_DATA_DIR", raising=False)
    with pytest.raises(CouldNot, match=r"(?s)KQML_DATA_DIR is not set.*data\.iowa\.gov.*UCI") as caught:
        data_folder()
    assert len(caught.value.faults) == len(PUBLIC_DATA)


def test_an_absent_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("KQML_DATA_DIR", str(tmp_path))
    with pytest.raises(CouldNot, match=r"store_day\.parquet.*\n.*m3tr-qhgy"):
        public_file(IOWA_STORES)


@pytest.mark.needs_data
def test_every_data_set_is_in_the_folder(monkeypatch, data_dir):
    monkeypatch.setenv("KQML_DATA_DIR", str(data_dir))
    assert all(public_file(data).stat().st_size > 0 for data in PUBLIC_DATA)


def test_a_benchmark_takes_all_or_some_data_sets_and_gaps():
    assert tuple(requested_protocols("all", "all")) == PROTOCOLS
    (one,) = requested_protocols("vendor_85", "0,28")
    assert (one.data.name, one.gaps) == ("vendor_85", (0, 28))


def test_every_wrong_name_and_gap_is_told():
    with pytest.raises(BadUse, match=r"(?s)'iowa'.*'x'"):
        requested_protocols("iowa,vendor_85", "0,x")
