"""A place to bring files to: written beside a mapping, imported, looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kqml.calendar.business_time import instant_of
from kqml.dataset.folder import Dataset, read_dataset
from kqml.importing.mapping_file import parse_mapping
from kqml.importing.pipeline import import_dataset
from kqml.importing.report import UsabilityReport
from kqml.importing.sources import sources_of

NOW = instant_of(datetime(2024, 6, 1, tzinfo=UTC))

ORDERS = """
time_zone = "Asia/Shanghai"

[[events]]
files = ["*"]

[events.columns]
account_id = "shop"
occurred_at = "day"
kind = { constant = "order" }
amount = "money"
"""


@dataclass(frozen=True)
class Desk:
    """Files are brought to `folder`; the dataset, if any, is written to `out`."""

    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "dataset"

    def write(self, files: Mapping[str, str | bytes]) -> list[Path]:
        paths = [self.folder / name for name in files]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return paths

    def bring(
        self, files: Mapping[str, str | bytes], mapping: str = ORDERS, query: tuple[str, str] | None = None
    ) -> UsabilityReport:
        return self.take(self.write(files), mapping, query)

    def take(self, paths: list[Path], mapping: str = ORDERS, query: tuple[str, str] | None = None) -> UsabilityReport:
        parsed = parse_mapping(mapping, "mapping.toml")
        return import_dataset(parsed, sources_of(paths, query), self.out, NOW)

    def dataset(self) -> Dataset:
        return read_dataset(self.out)

    def events(self) -> pd.DataFrame:
        return pd.DataFrame(self.dataset().events().to_pandas())

    def columns(self, *names: str) -> list[tuple[Any, ...]]:
        """The events' values of these columns, in key order."""
        return list(self.events()[list(names)].itertuples(index=False, name=None))

    def left_over(self) -> list[str]:
        """What stands in the folder beside the files brought, hidden things too."""
        return sorted(path.name for path in self.folder.iterdir() if path.name.startswith(".") or path == self.out)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
