"""The table of accounts as it stood at a cutoff, whatever became known later."""

import json

import pyarrow as pa
import pytest

from kqml.dataset.folder import DatasetInfo, dataset_in_memory
from kqml.dataset.tables import SCHEMAS
from kqml.history.account_rollback import roll_back

CUTOFF = 100


def changed(name, known, to, *, before=None, occurred=None, kind="tier_changed"):
    """A change of the tier known at an instant; `before`: what it says it replaced."""
    note = {"to": to} if before is None else {"from": before, "to": to}
    when = known if occurred is None else occurred
    facts = {"event_id": name, "account_id": "x", "kind": kind, "occurred_at": when, "known_at": known}
    return {**facts, "rep_id": to if kind == "rep_assigned" else None, "ref": None, "attributes": json.dumps(note)}


def retracted(name, known):
    own = {"event_id": f"not-{name}", "account_id": "x", "kind": "event_retracted", "ref": name}
    return {**own, "occurred_at": known, "known_at": known, "rep_id": None, "attributes": None}


def value_then(column, now, events, last_rep=None):
    accounts = pa.Table.from_pylist([{"account_id": "x", column: now}], schema=SCHEMAS["accounts"])
    given = sorted(events, key=lambda event: event["occurred_at"])
    rolled = roll_back(accounts, given, CUTOFF, {} if last_rep is None else {"x": last_rep})
    return rolled[column].to_pylist()[0]


@pytest.mark.parametrize(
    ("now", "events", "then", "why"),
    [
        ("B", [changed("e", 50, "A")], "B", "nothing changed later: the table stays"),
        ("A", [changed("e", 100, "A", before="B")], "B", "known at the cutoff"),
        ("B", [changed("e", 150, "A")], "B", "the table was never changed"),
        ("A", [changed("e", 150, "A")], None, "nothing says what was before"),
        ("A", [changed("d", 50, "A", before="B"), changed("e", 150, "A")], "A", "the same tier, said before"),
        ("A", [changed("d", 50, "A"), changed("e", 150, "C", occurred=20, before="B")], "A", "recorded late, older"),
        ("B", [changed("d", 50, "A", before="B"), retracted("d", 150)], "A", "the reverted table, retracted later"),
        ("A", [changed("d", 50, "A", before="B"), retracted("d", 150)], "A", "the table was not reverted"),
        (
            "C",
            [changed("d", 50, "A", before="B"), retracted("d", 60), changed("e", 150, "C")],
            "B",
            "retracted by then",
        ),
        ("A", [changed("e", 150, "A", occurred=3), changed("p", 110, "A", before="B")], "B", "the first known says it"),
        ("C", [changed("e", 50, "C", before="B", occurred=120)], "B", "known, but it had not happened"),
    ],
)
def test_a_tier_is_what_was_known_then(now, events, then, why):
    assert value_then("tier", now, events) == then, why


@pytest.mark.parametrize(("last_rep", "then"), [("R-2", "R-2"), (None, None)])
def test_an_owner_that_no_event_says_is_the_last_one_seen(last_rep, then):
    assert value_then("owner_rep_id", "R-9", [changed("e", 150, "R-9", kind="rep_assigned")], last_rep) == then


@pytest.mark.parametrize(
    ("now", "events", "then"),
    [
        ("closed", [changed("e", 150, None, kind="account_closed")], "active"),
        (
            "closed",
            [changed("d", 50, None, kind="account_suspended"), changed("e", 150, None, kind="account_closed")],
            "closed",
        ),
        ("active", [changed("d", 50, None, kind="account_closed"), retracted("d", 150)], "closed"),
    ],
)
def test_a_status_that_says_the_same_stays(now, events, then):
    assert value_then("status", now, events) == then


def test_other_attributes_stay_where_consent_is_taken_back():
    now = '{"consent":false,"size":3}'
    events = [changed("e", 150, False, before=True, kind="consent_changed")]
    assert json.loads(value_then("attributes", now, events)) == {"consent": True, "size": 3}


@pytest.mark.parametrize(("cutoff", "tier"), [(140, "A"), (151, "B")])
def test_a_dataset_is_read_as_it_was_known_then(cutoff, tier):
    events = [changed("d", 50, "A", before="B"), retracted("d", 150)]
    tables = {
        "events": pa.Table.from_pylist(events, schema=SCHEMAS["events"]),
        "accounts": pa.Table.from_pylist([{"account_id": "x", "tier": "B"}], schema=SCHEMAS["accounts"]),
    }
    dataset = dataset_in_memory(tables, DatasetInfo())
    assert dataset.known_before(cutoff).table("accounts")["tier"].to_pylist() == [tier]
