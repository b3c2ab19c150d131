"""Mapping files: every fault at once, with its key and line."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqml.errors import BadUse
from kqml.importing.mapping_file import parse_mapping, read_mapping, shipped_mappings
from kqml.toml_lines import key_lines, line_of

GOOD = """
time_zone = "UTC"
[[events]]
[events.columns]
account_id = "shop"
occurred_at = "day"
kind = { constant = "order" }
"""


def faults(text: str) -> list[str]:
    with pytest.raises(BadUse, match=r"The mapping m.toml cannot be used.") as told:
        parse_mapping(text, "m.toml")
    assert told.value.exit_code == 2
    return [f"{fault.where}: {fault.what}" for fault in told.value.faults]


def test_faults_of_shape_are_told_all_at_once_by_line() -> None:
    text = """version = 2
time_zone = "Asia/Shangai"
colour = 1

[tolerate]
mising_kind = 0.1
unknown_kind = 3

[lags]
vist = 2

[[quiet_periods]]
start = 2024-02-18
end = 2024-02-09

[[events]]
[events.columns]
account_id = { column = "a", product = ["b", "c"] }
kind = { otherwise = "order", column = "k" }
"""
    assert [told.split(":")[0] for told in faults(text)] == [
        "m.toml line 1, version",
        "m.toml line 2, time_zone",
        "m.toml line 3, colour",
        "m.toml line 6, tolerate.mising_kind",
        "m.toml line 7, tolerate.unknown_kind",
        "m.toml line 10, lags.vist",
        "m.toml line 12, quiet_periods[1]",
        "m.toml line 18, events[1].columns.account_id",
        "m.toml line 19, events[1].columns.kind",
    ]


def test_faults_of_meaning_are_told_all_at_once_by_line() -> None:
    text = """time_zone = "UTC"
[columns.colour]
complete_since = 2020-01-01
[[accounts]]
[accounts.columns]
account_id = "a"
tier = { column = "t", values = { gold = "G" } }
opened_on = { constant = "2020" }
[accounts.aggregate]
per = "day"
[[events]]
[events.columns]
account_id = { column = "a", decimal = "," }
amout = "m"
kind = { constant = "ordr" }
lines = { constant = "three" }
event_id = "no"
[events.aggregate]
per = "day"
lines = "item"
"""
    told = faults(text)
    assert [fault.split(", use")[0][:95] for fault in told] == [
        "m.toml line 2, columns.colour: is not a column of accounts",
        "m.toml line 7, accounts[1].columns.tier: 'G' is not a tier",
        "m.toml line 8, accounts[1].columns.opened_on: opened_on cannot be a constant",
        "m.toml line 9, accounts[1].aggregate: only events can be aggregated",
        "m.toml line 12, events[1].columns: occurred_at is not mapped",
        "m.toml line 13, events[1].columns.account_id: decimal has no meaning for account_id",
        "m.toml line 14, events[1].columns.amout: is not a column of events",
        "m.toml line 15, events[1].columns.kind: 'ordr' is not a kind",
        "m.toml line 16, events[1].columns.lines: the constant 'three' is not a number",
        "m.toml line 17, events[1].columns.event_id: rows that are summed lose their ids",
        "m.toml line 20, events[1].aggregate.lines: lines is mapped as a column too",
    ]


def test_a_near_miss_is_guessed() -> None:
    with pytest.raises(BadUse, match=r"did you mean amount\?"):
        parse_mapping(GOOD + 'amout = "m"\n', "m.toml")


def test_what_is_not_toml_says_where() -> None:
    with pytest.raises(BadUse, match=r"m.toml is not valid TOML: .*line 2"):
        parse_mapping('a = 1\nb = = "\n', "m.toml")


def test_an_unknown_name_lists_the_shipped_mappings() -> None:
    with pytest.raises(BadUse, match="no mapping 'iowa': neither a file nor one of dynamics365, field_app_zh, "):
        read_mapping("iowa")


def test_an_absent_file_is_bad_use() -> None:
    with pytest.raises(BadUse, match=r"The mapping absent.toml cannot be read"):
        read_mapping("absent.toml")


@pytest.mark.parametrize("name", ["iowa_stores", "iowa_vendor", "online_retail"])
def test_a_shipped_mapping_reads(name: str) -> None:
    assert name in shipped_mappings()
    assert read_mapping(name).time_zone == "UTC"


def test_lines_are_found_past_everything_toml_allows() -> None:
    text = '''# a comment with [brackets] and = signs
a = "x # no comment ] }" # [real]
"b c".d = """
e = 1
[not.a.table]
"""

[t]  # headers may be followed
list = [
  1, # one ]
  { q = "]" },
]
'l' = \'\'\'
z = 2\'\'\'
[[rows]]
x = { y = 1, z = [2] }
[rows.deep]
k = 1979-05-27T07:32:00Z
[[rows]]
x = 3
[[rows.more]]
w = 1
'''
    tomllib.loads(text)
    assert key_lines(text) == {
        ("a",): 2,
        ("b c", "d"): 3,
        ("t",): 8,
        ("t", "list"): 9,
        ("t", "l"): 13,
        ("rows", 0): 15,
        ("rows", 0, "x"): 16,
        ("rows", 0, "deep"): 17,
        ("rows", 0, "deep", "k"): 18,
        ("rows", 1): 19,
        ("rows", 1, "x"): 20,
        ("rows", 1, "more", 0): 21,
        ("rows", 1, "more", 0, "w"): 22,
    }


def test_a_key_without_a_line_has_that_of_what_surrounds_it() -> None:
    lines = key_lines("[t]\nx = { y = { z = 1 } }\n")

    assert line_of(lines, ("t", "x", "y", "z")) == 2
    assert line_of(lines, ("t", "missing")) == 1
    assert line_of(lines, ("other",)) is None


names = st.text("abcdefgh_-", min_size=1, max_size=6)
values = st.sampled_from(['"text # ]"', "1", "[1, 2]", "{ q = 1 }", '"""\nk = 1\n"""', "[\n  1,\n  2,\n]", "'{'"])


@given(st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4))
def test_every_key_stands_on_the_line_where_it_was_written(tables: dict[str, dict[str, str]]) -> None:
    text, expected = "", {}
    for table, keys in tables.items():
        expected[(table,)] = text.count("\n") + 1
        text += f"[{table}]\n"
        for key, value in keys.items():
            expected[(table, key)] = text.count("\n") + 1
            text += f"{key} = {value} # {table}\n\n"
    tomllib.loads(text)

    assert key_lines(text) == expected
