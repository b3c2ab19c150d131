"""Profiles and contexts: what is known of an account beside its events, at the cutoff."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.context import NEVER, UNKNOWN, context_of
from features.profile import cells_of, profile_of
from features.rows import Rows
from kqml.calendar.business_time import DAY_US, instant_of, moment_of
from kqml.dataset.folder import ColumnUse, DatasetInfo, QuietPeriod, write_dataset
from kqml.events import EventKind
from kqml.history.attributes import attribute_at

INSTANT = pa.timestamp("us", tz="UTC")
COMPLETE = {"tier": ColumnUse(complete_since="1970-01-02")}


def dataset(folder, columns, changes=(), accounts=None):
    """Shops a and b; `changes`: (account, day, known day, from, to), or with attributes for the last two."""
    rows = [("a", 1, 1, "order", None), ("b", 1, 1, "order", None)]
    for who, day, known, *tiers in changes:
        note = tiers[0] if len(tiers) == 1 else dict(zip(("from", "to"), tiers, strict=True))
        rows.append((who, day, known, "tier_changed", json.dumps(note)))
    rows.sort(key=lambda row: row[:2])
    events = {
        "event_id": [str(place) for place in range(len(rows))],
        "account_id": [row[0] for row in rows],
        "occurred_at": pa.array([row[1] * DAY_US for row in rows]).cast(INSTANT),
        "known_at": pa.array([row[2] * DAY_US for row in rows]).cast(INSTANT),
        "kind": [row[3] for row in rows],
        "attributes": pa.array([row[4] for row in rows], pa.string()),
    }
    described = accounts or {"tier": ["A", "C"], "segment": ["dealer", None], "region": ["north", "south"]}
    tables = {"accounts": pa.table({"account_id": ["a", "b"], **described}), "events": pa.table(events)}
    return write_dataset(folder / "shops", tables, DatasetInfo(time_zone="UTC", columns=columns))


def told(data, *days):
    rows = Rows.grid(2, np.array(days) * DAY_US)
    frame = profile_of(data, rows)
    return {name: frame[name].tolist() for name in frame}


def test_what_never_changes_is_told_at_every_cutoff_and_the_tier_is_not(tmp_path):
    assert told(dataset(tmp_path, {}), 5) == {"segment": ["dealer", None], "region": ["north", "south"]}


def test_a_column_that_may_not_be_used_is_left_out(tmp_path):
    refused = {"region": ColumnUse(usable=False, why="missing for stores that are gone")}
    assert told(dataset(tmp_path, refused), 5) == {"segment": ["dealer", None]}


CHANGES = [("a", 10, 12, "B", "A"), ("a", 20, 20, "A", "B"), ("a", 30, 30, "B", "A")]
TIERS = [
    # day, tier of a: what it was before, then what is known
    (0, None),
    (5, "B"),
    (12, "B"),
    (13, "A"),
    (20, "A"),
    (21, "B"),
    (31, "A"),
]


@pytest.mark.parametrize(("day", "tier"), TIERS)
def test_the_tier_is_the_one_known_at_the_cutoff(tmp_path, day, tier):
    assert told(dataset(tmp_path, COMPLETE, CHANGES), day)["tier"] == [tier, None if day < 1 else "C"]


def test_accounts_are_compared_by_segment_where_the_tier_is_not_known():
    frame = pd.DataFrame(
        {"tier": ["A", None, None], "segment": ["dealer", "dealer", None], "region": ["north", "north", "north"]},
        dtype=object,
    )
    cells = cells_of(frame, 3)
    assert [cells.names[place] for place in cells.wide[:2]] == ["A", "dealer"]
    assert [cells.names[place] for place in cells.narrow[:2]] == ["A|north", "dealer|north"]
    assert (cells.wide[2], cells.narrow[2]) == (-1, -1)


def test_without_a_profile_everybody_is_alike():
    cells = cells_of(pd.DataFrame(index=range(2)), 2)
    assert (cells.names, cells.wide.tolist(), cells.narrow.tolist()) == ((), [-1, -1], [-1, -1])


def test_a_context_takes_openings_at_local_midnight_and_what_is_recorded(tmp_path):
    opened = pa.array([pd.Timestamp("2021-03-01").date(), None], pa.date32())
    data = dataset(tmp_path, {}, accounts={"opened_on": opened})
    info = DatasetInfo(
        time_zone="Asia/Shanghai",
        quiet_periods=(QuietPeriod("2021-02-11", "2021-02-18", "Spring Festival"),),
        kinds_recorded={"order": "2020-01-01T00:00:00+00:00"},
    )
    context = context_of(info, data.accounts(), data.event_log())
    assert moment_of(int(context.opened_at[0]), "Asia/Shanghai").isoformat() == "2021-03-01T00:00:00+08:00"
    assert context.opened_at[1] == UNKNOWN
    recorded = {kind: int(context.recorded_since[kind.number]) for kind in (EventKind.ORDER, EventKind.VISIT)}
    assert recorded == {EventKind.ORDER: instant_of(pd.Timestamp("2020-01-01", tz="UTC")), EventKind.VISIT: NEVER}
    assert moment_of(int(context.quiet.starts[0]), "Asia/Shanghai").isoformat() == "2021-02-11T00:00:00+08:00"


LETTERS = st.sampled_from(["A", "B", None])
NOTES = st.fixed_dictionaries({"to": LETTERS}, optional={"from": LETTERS})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(2, 9), st.integers(0, 4), NOTES), max_size=5), st.integers(2, 14))
def test_the_tiers_of_many_rows_are_those_of_single_accounts(rows, day):
    rows = [(at * DAY_US, (at + late) * DAY_US, note) for at, late, note in sorted(rows, key=lambda row: row[0])]
    kind = {"kind": "tier_changed"}
    events = [{"occurred_at": at, "known_at": known, "attributes": note, **kind} for at, known, note in rows]
    with TemporaryDirectory() as folder:
        changes = [("a", at // DAY_US, known // DAY_US, note) for at, known, note in rows]
        tiers = told(dataset(Path(folder), COMPLETE, changes), day)["tier"]
    assert tiers == [attribute_at("tier", day * DAY_US, "A", events), "C"]
