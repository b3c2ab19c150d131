"""CSV files that a spreadsheet opens without running what customers are called."""

import csv

import pyarrow as pa
import pytest

from kqml.dataset.csv_output import BYTE_ORDER_MARK, CsvWriter, write_csv


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as read:
        return list(csv.DictReader(read))


@pytest.mark.parametrize("text", ["=1+1", "+86 10", "-2+3", "@SUM(A1)", "\tx", "\rx"])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_text_that_would_run_as_a_formula_gets_an_apostrophe(tmp_path, text, kind):
    write_csv(pa.table({"name": pa.array([text, "药店", None], kind), "money": [-1.5, 2.0, 3.0]}), tmp_path / "x.csv")
    found = rows(tmp_path / "x.csv")
    assert [row["name"] for row in found] == [f"'{text}", "药店", ""]
    assert [row["money"] for row in found] == ["-1.5", "2", "3"]


def test_the_file_starts_with_a_byte_order_mark_once(tmp_path):
    table = pa.table({"name": ["甲"]})
    with CsvWriter(tmp_path / "x.csv", table.schema) as writer:
        writer.write_table(table)
        writer.write_table(table)
    content = (tmp_path / "x.csv").read_bytes()
    assert content.startswith(BYTE_ORDER_MARK)
    assert content.count(BYTE_ORDER_MARK) == 1
    assert [row["name"] for row in rows(tmp_path / "x.csv")] == ["甲", "甲"]
