"""One rule of ids: in Python, in SQL, in the pattern of the API."""

import re

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kqml.dataset.id_checks import faulty_ids
from kqml.dataset.tables import TEXT
from kqml.ids import BLANKS, PATTERN, clean_id, id_fault, look_alike_key
from kqml.importing.mapping import ColumnSource
from kqml.importing.relations import literal
from kqml.importing.values import texts_sql, value_sql
from kqml.importing.workspace import connect

CLEANED = {
    "K001\t": "K001",
    "\ufeffK001\u200b": "K001",
    "\u3000K 001\xa0": "K 001",
    "K001_x000D_": "K001",
    "001": "001",
    '="001"': "001",
    '=" K1\t"': "K1",
    "'001": "001",
    "'K001": "K001",
    "`K001": "K001",
    "'t Hoekje": "'t Hoekje",
    "'K1'": "'K1'",
    "1E5": "1E5",
    "NULL": None,
    "n/a": None,
    "#N/A": None,
    "\\N": None,
    "-": None,
    "无": None,
    " \t": None,
}


@pytest.mark.parametrize(("text", "clean"), CLEANED.items())
def test_blanks_around_and_null_words_are_no_part_of_an_id(text: str, clean: str | None) -> None:
    assert clean_id(text) == clean


@pytest.mark.parametrize(("text", "clean"), CLEANED.items())
def test_the_importer_cleans_ids_alike(text: str, clean: str | None) -> None:
    value = value_sql("account_id", TEXT, ColumnSource(column="id"), {"id": "VARCHAR"}, "UTC")
    trimmed = f'SELECT trim({literal(text)}, {literal(" ")}) AS "source.id"'
    with connect(":memory:") as connection:
        rows = f"SELECT *{texts_sql({'id': 'VARCHAR'})} FROM ({trimmed})"
        given = f"SELECT {value.raw} AS r_account_id FROM ({rows})"
        assert connection.execute(f"SELECT {value.value} FROM ({given})").fetchall() == [(clean,)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("8.60102E+17", "has lost digits"),
        ("8,60102E+17", "has lost digits"),
        ("17850.0", "has lost digits"),
        ("#####", "has lost digits"),
        ("3-Jan", "a date as a spreadsheet writes it"),
        ("Jan-03", "has lost digits"),
        ("1月3日", "has lost digits"),
        ("2024-01-03T00:00:00", "has lost digits"),
        ("3-1", None),
        ("JAN-3", None),
        ('="001"', "marks against spreadsheets"),
        ("K\u200b1", "invisible"),
        ("K\n1", "invisible"),
        (" K1", "begins or ends"),
        ("null", "no value"),
        ("x" * 129, "longer than 128"),
        ("K 1", None),
        ("12E3", None),
        ("860102199003072345", None),
    ],
)
def test_what_is_no_id_says_why(text: str, fault: str | None) -> None:
    told = id_fault(text)

    assert told is None if fault is None else fault in str(told)


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(BLANKS + "=\"'`_x0 1.E+-#/aA月nulNULJan"), max_size=12))
@example("null")
@example("_x000d_a")
@example('="001"')
@example("x" * 129)
def test_whole_columns_are_held_to_the_same_rule(text: str) -> None:
    fault = id_fault(text)

    found = faulty_ids("events", pa.table({"account_id": ["A", text, text]}))

    assert found == ({} if fault is None else {"account_id": {text: fault}})


@pytest.mark.parametrize(
    ("text", "fits"), [("K1", True), ("店 1", True), (" K1", False), ("K1\t", False), ("K\u200b1", False), ("", False)]
)
def test_the_pattern_of_the_api_refuses_what_cannot_be_seen(text: str, fits: bool) -> None:
    assert bool(re.search(PATTERN, text)) is fits


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("001", "1"),
        ("k1", "K1"),
        ("Ｋ１", "K1"),
        ("K 1", "K1"),
        ("000", "0"),
        ("'K1", "K1"),
        ("001D000000IRFma", "001D000000IRFmaIAH"),
        ("001D000000IRFma", "001d000000irfmaiah"),
        ("001D000000IRFma", "001D000000IRFMAIAH"),
        ("001D000000IRFMA", "001D000000IRFMAIA5"),
        ("001000000000001", "1000000000001"),
    ],
)
def test_ids_that_look_alike_share_a_key(one: str, other: str) -> None:
    assert look_alike_key(one) == look_alike_key(other)


def test_different_ids_have_different_keys() -> None:
    assert len({look_alike_key(name) for name in ("K001", "K1", "10", "100", "1-23", "12-3")}) == 6


def test_the_case_of_salesforce_ids_counts() -> None:
    names = ("001D000000IRFma", "001D000000IRFmA", "001D000000IRFMA", "001D000000IRFmaIAI", "860102199003072345")

    assert len({look_alike_key(name) for name in names}) == 5
