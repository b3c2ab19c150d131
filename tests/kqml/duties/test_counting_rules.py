"""The rules of counting, one by one, on companies written by hand (March 2024 has 21 working days)."""

# ruff: noqa: E501 - a case stands on one line

from collections.abc import Mapping
from typing import Any

import pytest
from duty_inputs import account, book, event, instant, rep

from kqml.calendar.workdays import workdays
from kqml.duties import DutyInputs, list_duties, month
from kqml.playbook import read_playbook

PHARMACY, DEALER, CHINA = read_playbook("pharmacy"), read_playbook("dealer"), workdays("CN")
MARCH = month("2024-03")


def owed(
    made: DutyInputs, duty: str = "cadence", channel: str = "visit", cutoff: str = "2024-04-01", **more: Any
) -> dict:
    """The only duty of that name and channel."""
    table = list_duties(made, more.get("playbook", PHARMACY), CHINA, more.get("period", MARCH), instant(cutoff))
    found = [row for row in table.to_pylist() if (row["duty"], row["channel"]) == (duty, channel)]
    assert len(found) == 1
    return found[0]


VISITS: Mapping[str, tuple[dict[str, Any], float]] = {
    "a visit counts": ({"minutes": 20, "authenticity": 0.9}, 1),
    "a visit that says nothing of itself counts": ({}, 1),
    "a visit of two minutes counts half": ({"minutes": 2}, 0.5),
    "a visit of the least minutes counts": ({"minutes": 5}, 1),
    "a faked visit counts half": ({"minutes": 30, "authenticity": 0.2}, 0.5),
    "a visit faked and short counts half, not a quarter": ({"minutes": 1, "authenticity": 0.2}, 0.5),
}


@pytest.mark.parametrize("what", VISITS)
def test_how_much_a_visit_counts(what):
    columns, worth = VISITS[what]
    assert owed(book([event("visit", "2024-03-05T10:00", **columns)]))["counted"] == worth


@pytest.mark.parametrize(
    ("events", "counted"),
    [
        ([event("meeting", "2024-03-05T10:00")], 1),
        ([event("inbound", "2024-03-05T10:00"), event("order", "2024-03-05T10:00")], 0),
        ([event("visit", "2024-03-01T00:00"), event("visit", "2024-03-31T23:59")], 2),
        ([event("visit", "2024-02-29T23:59"), event("visit", "2024-04-01T00:00", known="2024-04-01T00:00")], 0),
        ([event("visit", "2024-03-29T10:00", known="2024-03-31T23:59")], 1),
        ([event("visit", "2024-03-29T10:00", known="2024-04-01T00:00")], 0),
    ],
    ids=[
        "a meeting is a visit",
        "what is not contact",
        "edges inside",
        "edges outside",
        "known in time",
        "known too late",
    ],
)
def test_a_month_is_the_local_one_and_only_what_was_known_counts(events, counted):
    assert owed(book(events))["counted"] == counted


TARGETS: Mapping[str, tuple[dict[str, Any], float, float, str]] = {
    "the whole month": ({}, 8, 8, "by_tier"),
    "opened on the 18th, 10 of 21 days": ({"accounts": [account(opened_on="2024-03-18")]}, 80 / 21, 4, "part_of_month"),
    "opened after the month": ({"accounts": [account(opened_on="2024-04-02")]}, 0, 0, "none"),
    "leave of 5 days": ({"reps": [rep("r", ("2024-03-04", "2024-03-09"))]}, 8 * 16 / 21, 6, "leave"),
    "leave of the whole month": ({"reps": [rep("r", ("2024-02-01", "2024-05-01"))]}, 0, 0, "leave"),
    "the end of a leave is worked": ({"reps": [rep("r", ("2024-03-04", "2024-03-05"))]}, 8 * 20 / 21, 8, "leave"),
    "a leave of somebody else": ({"reps": [rep("r"), rep("s", ("2024-03-04", "2024-03-09"))]}, 8, 8, "by_tier"),
    "a leave over a weekend": ({"reps": [rep("r", ("2024-03-09", "2024-03-11"))]}, 8, 8, "by_tier"),
    "nobody in charge": ({"accounts": [account(owner_rep_id=None)]}, 8, 8, "by_tier"),
    "quiet days": ({"quiet": [("2024-03-01", "2024-03-06")]}, 8 * 18 / 21, 7, "quiet_days"),
    "closed on the 11th, 6 of 21 days": ({"events": [event("account_closed", "2024-03-11T00:00")]}, 48 / 21, 2, "part_of_month"),
    "a closure known too late": ({"events": [event("account_closed", "2024-03-11T00:00", known="2024-04-02T00:00")]}, 8, 8, "by_tier"),
    "moved from A to C on the 11th": (
        {"accounts": [account(tier="C")], "events": [event("tier_changed", "2024-03-11T00:00", attributes={"from": "A", "to": "C"})]},
        (8 * 6 + 1 * 15) / 21,
        3,
        "tier_moved",
    ),
    "handed to a rep on leave": (
        {"reps": [rep("r"), rep("s", ("2024-03-25", "2024-03-30"))], "events": [event("rep_assigned", "2024-03-11T00:00", rep_id="s", attributes={"from": "r"})]},
        8 * 16 / 21,
        6,
        "leave",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TARGETS)
def test_a_target_is_that_of_the_working_days_on_which_it_is_owed(what):
    company, prorated, target, why = TARGETS[what]
    made = book(**{"events": [event("call", "2024-03-05T10:00")], **company})
    if why == "none":
        assert list_duties(made, PHARMACY, CHINA, MARCH, instant("2024-04-01")).num_rows == 0
        return
    row = owed(made)
    assert (row["prorated"], row["target"], row["why"]) == (pytest.approx(prorated), target, why)


@pytest.mark.parametrize(
    ("visits", "cutoff", "state"),
    [(8, "2024-04-01", "done"), (7, "2024-04-01", "overdue"), (7, "2024-03-31", "due"), (8, "2024-03-20", "done")],
)
def test_a_month_is_due_until_it_ends_then_overdue(visits, cutoff, state):
    made = book([event("visit", f"2024-03-{day + 1:02d}T10:00") for day in range(visits)])
    row = owed(made, cutoff=cutoff)
    assert (row["target"], row["state"]) == (8, state)


def test_behind_is_what_was_owed_until_now_and_is_missing():
    row = owed(book([event("visit", "2024-03-01T10:00")]), cutoff="2024-03-18")
    assert row["behind"] == pytest.approx(8 * 11 / 21 - 1)


def test_a_waived_duty_is_never_behind():
    made = book([event("call", "2024-03-05T10:00")], reps=[rep("r", ("2024-02-01", "2024-05-01"))])
    row = owed(made)
    assert (row["state"], row["behind"]) == ("waived", 0)


@pytest.mark.parametrize(("channel", "state"), [("visit", "overdue"), ("call", "waived"), ("message", "waived")])
def test_without_consent_nobody_is_called_or_written_to_but_may_be_visited(channel, state):
    refused = event("consent_changed", "2024-03-05T10:00", attributes={"from": True, "to": False})
    assert owed(book([refused]), channel=channel)["state"] == state


def test_half_a_visit_a_month_is_one_in_two_months():
    dealer = [account(tier="C")]
    before = [event("visit", "2024-02-10T10:00", minutes=30)]
    empty = [event("call", "2024-03-05T10:00")]
    done = owed(book(before, dealer), playbook=DEALER)
    missed = owed(book(empty, dealer), playbook=DEALER)
    assert (done["target"], done["counted"], done["state"]) == (1, 1, "done")
    assert (missed["target"], missed["state"]) == (1, "overdue")
    assert done["due_from"].astimezone().timestamp() * 1e6 == instant("2024-02-01")


def test_an_account_without_a_tier_owes_no_cadence():
    made = book([event("visit", "2024-03-05T10:00")], [account(tier=None)])
    assert {row["duty"] for row in list_duties(made, PHARMACY, CHINA, MARCH, instant("2024-04-01")).to_pylist()} == {
        "asks"
    }


@pytest.mark.parametrize(("tier", "target"), [("A", 2), ("B", 1), ("C", 1)])
def test_problems_solved_are_counted_per_account(tier, target):
    row = owed(book([event("help_given", "2024-03-05T10:00")], [account(tier=tier)]), "problems", "help")
    assert (row["target"], row["counted"]) == (target, 1)


def test_asks_are_counted_per_rep_whoever_was_in_charge():
    events = [
        event("help_asked", f"2024-03-0{day}T10:00", rep_id=name) for day, name in ((4, "r"), (5, None), (6, "s"))
    ]
    row = owed(book(events, reps=[rep("r"), rep("s")]), "asks", "help")
    assert (row["account_id"], row["rep_id"], row["target"], row["counted"]) == (None, "r", 5, 2)


def test_a_training_counts_at_an_account_of_the_tier_that_is_trained():
    accounts = [account("a", "A"), account("b", "B")]
    events = [event("training", "2024-03-05T10:00", name, rep_id="r") for name in ("a", "b", "b")]
    row = owed(book(events, accounts), "trainings", "training")
    assert (row["target"], row["counted"], row["state"]) == (1, 1, "done")


def test_a_rep_without_an_account_that_is_trained_owes_no_training():
    made = book([event("call", "2024-03-05T10:00")], [account(tier="B")])
    table = list_duties(made, PHARMACY, CHINA, MARCH, instant("2024-04-01"))
    assert [row["duty"] for row in table.to_pylist() if row["account_id"] is None] == ["asks"]
