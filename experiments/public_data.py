"""The public data sets of the benchmarks: where each lies under KQML_DATA_DIR, where to obtain it."""

import os
from dataclasses import dataclass
from pathlib import Path

from kqml.dataset.folder import Dataset, read_dataset
from kqml.errors import CouldNot, Fault, Refused
from kqml.importing.mapping_file import read_mapping
from kqml.importing.pipeline import import_dataset
from kqml.importing.sources import sources_of
from kqml.settings import read_settings

VARIABLE = "KQML_DATA_DIR"


@dataclass(frozen=True)
class PublicData:
    """One data set. `file`: its path under the data folder; `mapping`: the shipped mapping that imports it."""

    name: str
    file: str
    mapping: str
    obtain: str


IOWA_STORES = PublicData(
    "iowa_stores",
    "iowa/store_day.parquet",
    "iowa_stores",
    "data.iowa.gov, Iowa Liquor Sales (m3tr-qhgy, CC BY 4.0), summed to one row per store and day: "
    "store, date, lines, dollars, bottles",
)
VENDOR_85 = PublicData(
    "vendor_85",
    "iowa/vendor85_store_day.parquet",
    "iowa_vendor",
    "data.iowa.gov, Iowa Liquor Sales (m3tr-qhgy, CC BY 4.0), vendor 85 only, summed to one row per store and day: "
    "store, date, lines, dollars, bottles",
)
ONLINE_RETAIL = PublicData(
    "online_retail",
    "online_retail/online_retail_2010_2011.parquet",
    "online_retail",
    "UCI Machine Learning Repository, Online Retail (id 352, CC BY 4.0), the sheet saved as Parquet",
)
PUBLIC_DATA = (IOWA_STORES, VENDOR_85, ONLINE_RETAIL)


def data_folder() -> Path:
    """The folder of public data sets. Raises CouldNot, with where to obtain each, when it is not there."""
    named = read_settings().data_dir or os.environ.get(VARIABLE)
    folder = Path(named) if named else None
    if folder is None or not folder.is_dir():
        what = f"{VARIABLE} is {'not set' if named is None else f'{named}, not a folder'}"
        raise CouldNot(f"The public data sets are not here: {what}.", [_absent(data) for data in PUBLIC_DATA])
    return folder


def public_file(data: PublicData) -> Path:
    """The file of a data set. Raises CouldNot with where to obtain it when it is absent."""
    path = data_folder() / data.file
    if not path.is_file():
        raise CouldNot(f"{path} is not there.", [_absent(data)])
    return path


def import_public(data: PublicData, out: Path, now: int) -> Dataset:
    """Imports a data set by its shipped mapping into the new folder `out`. Raises Refused where it is unusable."""
    report = import_dataset(read_mapping(data.mapping), sources_of([public_file(data)], None), out, now)
    if not report.usable:
        raise Refused(f"{data.name} cannot be used.")
    return read_dataset(out)


def _absent(data: PublicData) -> Fault:
    return Fault(f"{VARIABLE}/{data.file}", f"the data set {data.name} is absent", f"obtain it: {data.obtain}")
