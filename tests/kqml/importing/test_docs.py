"""docs/importing.md stays true: its mappings read, its tables are complete."""

import re
from pathlib import Path

import pytest

from kqml.dataset.tables import SCHEMAS
from kqml.importing.mapping import Aggregate, ColumnSource, TableMapping
from kqml.importing.mapping_file import parse_mapping, shipped_mappings

PAGE = (Path(__file__).parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL), ids=["smallest", "whole company"])
def test_every_mapping_on_the_page_reads(text: str) -> None:
    assert parse_mapping(text, "docs/importing.md").time_zone == "Asia/Shanghai"


@pytest.mark.parametrize("model", [ColumnSource, TableMapping, Aggregate])
def test_every_key_is_explained(model: type[ColumnSource]) -> None:
    assert [name for name in model.model_fields if not re.search(rf"`{name}\b", PAGE)] == []


def test_every_column_and_mapping_is_named() -> None:
    names = [name for schema in SCHEMAS.values() for name in schema.names]

    assert [name for name in (*names, *shipped_mappings()) if f"`{name}`" not in PAGE] == []
