"""The shipped mappings on the public files: the counts that the data README's protocols rest on."""

import time
from pathlib import Path

import pytest

from kqml.importing.mapping_file import read_mapping
from kqml.importing.pipeline import import_dataset
from kqml.importing.report import UsabilityReport
from kqml.importing.sources import sources_of

pytestmark = pytest.mark.needs_data


def bring(tmp_path: Path, name: str, *files: Path) -> UsabilityReport:
    return import_dataset(read_mapping(name), sources_of(files, None), tmp_path / "out", time.time_ns() // 1000)


@pytest.mark.parametrize(
    ("name", "file", "accounts", "kinds", "last"),
    [
        ("iowa_stores", "iowa/store_day.parquet", 2822, {"order": 607_139, "return": 410}, "2022-10-31T00:00:00+00:00"),
        (
            "iowa_vendor",
            "iowa/vendor85_store_day.parquet",
            2743,
            {"order": 352_654, "return": 13},
            "2022-10-31T00:00:00+00:00",
        ),
        (
            "online_retail",
            "online_retail/online_retail_2010_2011.parquet",
            4371,
            {"order": 16_763, "return": 3_489},
            "2011-12-09T12:50:00+00:00",
        ),
    ],
)
def test_a_public_file_is_imported_by_its_mapping(
    data_dir: Path, tmp_path: Path, name: str, file: str, accounts: int, kinds: dict[str, int], last: str
) -> None:
    report = bring(tmp_path, name, data_dir / file)

    assert report.written == str(tmp_path / "out")
    assert (report.summary.accounts, report.kinds, report.summary.last) == (accounts, kinds, last)


def test_the_snapshot_of_stores_names_them_and_is_refused_for_training(data_dir: Path, tmp_path: Path) -> None:
    report = bring(tmp_path, "iowa_stores", data_dir / "iowa/store_day.parquet", data_dir / "iowa/stores.csv")

    region = next(column for column in report.columns if column.column == "region")
    assert report.kinds == {"order": 607_139, "return": 410}
    assert (region.usable, report.summary.accounts) == (False, 2885)
    assert "status" not in {column.column for column in report.columns}
