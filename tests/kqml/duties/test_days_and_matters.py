"""Festivals, personal days, promises, complaints: when they are owed, when they are kept."""

# ruff: noqa: E501 - a case stands on one line

from dataclasses import replace
from typing import Any

import pytest
from duty_inputs import account, at, book, event, instant, rep

from kqml.calendar.workdays import workdays
from kqml.duties import DutyInputs, list_duties, month, week
from kqml.playbook import read_playbook

PHARMACY, CHINA = read_playbook("pharmacy"), workdays("CN")


def rows(made: DutyInputs, duty: str, period: str = "2024-W23", cutoff: str | None = None) -> list[dict[str, Any]]:
    """The duties of a name in a week, by default at its Monday."""
    asked = week(period)
    at_cutoff = asked.instants("Asia/Shanghai")[0] if cutoff is None else instant(cutoff)
    return [row for row in list_duties(made, PHARMACY, CHINA, asked, at_cutoff).to_pylist() if row["duty"] == duty]


@pytest.mark.parametrize(
    ("tier", "asked"),
    [
        ("A", {"visit", "message", "gift"}),
        ("B", {"call", "message"}),
        ("C", {"call", "message"}),
    ],
)
def test_dragon_boat_asks_by_tier(tier, asked):
    """Dragon Boat 2024 was Monday, 10 June; the week before lies in its ten days."""
    found = rows(book([event("call", "2024-01-05T10:00")], [account(tier=tier)]), "festival")
    assert {row["channel"] for row in found} == asked
    assert {row["occasion"] for row in found} == {"dragon_boat"}
    assert {row["due_from"] for row in found} == {at("2024-05-31T00:00")}
    assert {row["due_by"] for row in found} == {at("2024-06-11T00:00")}


@pytest.mark.parametrize(("period", "must"), [("2024-W23", False), ("2024-W24", True)])
def test_a_festival_is_a_must_in_the_week_in_which_its_days_end(period, must):
    found = rows(book([event("call", "2024-01-05T10:00")]), "festival", period)
    assert {row["must"] for row in found} == {must}


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("2024-05-30T23:59", "overdue"),
        ("2024-05-31T00:00", "done"),
        ("2024-06-10T23:59", "done"),
        ("2024-06-11T00:00", "overdue"),
    ],
)
def test_a_festival_visit_counts_within_its_days(when, state):
    found = rows(book([event("visit", when)]), "festival", "2024-W24", "2024-06-12")
    assert [row["state"] for row in found if row["channel"] == "visit"] == [state]


def test_a_gift_is_a_duty_of_its_own():
    found = rows(book([event("gift", "2024-06-04T10:00")]), "festival", "2024-W24", "2024-06-12")
    assert {row["channel"]: row["state"] for row in found} == {"visit": "overdue", "message": "overdue", "gift": "done"}


def test_a_festival_is_waived_where_the_rep_is_away_all_its_days():
    away = book([event("call", "2024-01-05T10:00")], reps=[rep("r", ("2024-05-31", "2024-06-11"))])
    one_day = book([event("call", "2024-01-05T10:00")], reps=[rep("r", ("2024-06-01", "2024-06-11"))])
    assert {(row["state"], row["why"]) for row in rows(away, "festival")} == {("waived", "leave")}
    assert {row["state"] for row in rows(one_day, "festival")} == {"due"}


def test_spring_festival_moves_with_the_moon():
    made = book([event("call", "2022-01-05T10:00")])
    days = {}
    for year in (2023, 2024, 2025):
        table = list_duties(made, PHARMACY, CHINA, month(f"{year}-01"), instant(f"{year}-01-01"))
        days[year] = {row["due_by"] for row in table.to_pylist() if row["occasion"] == "spring_festival"}
    assert days == {2023: {at("2023-01-23T00:00")}, 2024: {at("2024-02-11T00:00")}, 2025: {at("2025-01-30T00:00")}}


PEOPLE = [
    {"contact_id": "p", "account_id": "a", "birthday": "06-05"},
    {"contact_id": "q", "account_id": "a", "birthday": "06-05"},
    {"contact_id": "o", "account_id": "a", "birthday": "12-05"},
]


@pytest.mark.parametrize(
    ("greeting", "states"),
    [
        ({}, {"p": "done", "q": "done"}),
        ({"contact_id": "p"}, {"p": "done", "q": "overdue"}),
        ({"contact_id": "o"}, {"p": "overdue", "q": "overdue"}),
    ],
    ids=["to nobody named", "to one", "to another"],
)
def test_a_birthday_greeting_is_for_the_person(greeting, states):
    made = book([event("message", "2024-06-05T09:00", **greeting)], contacts=PEOPLE)
    found = rows(made, "birthday", cutoff="2024-06-08")
    assert {row["contact_id"]: row["state"] for row in found} == states
    assert {row["due_from"] for row in found} == {at("2024-06-04T00:00")}
    assert {row["due_by"] for row in found} == {at("2024-06-06T00:00")}


def test_who_has_left_has_no_birthday_with_us():
    made = book([event("contact_left", "2024-05-05T09:00", contact_id="p")], contacts=PEOPLE)
    assert [row["contact_id"] for row in rows(made, "birthday")] == ["q"]


@pytest.mark.parametrize(
    ("year", "week_of", "day"), [(2023, "2023-W09", "2023-03-01"), (2024, "2024-W09", "2024-03-01")]
)
def test_a_birthday_on_the_29th_of_february_is_kept_every_year(year, week_of, day):
    made = book(
        [event("call", "2022-01-05T10:00")], contacts=[{"contact_id": "p", "account_id": "a", "birthday": "02-29"}]
    )
    assert [row["due_by"] for row in rows(made, "birthday", week_of)] == [at(f"{day}T00:00")]


@pytest.mark.parametrize(
    ("topic", "visited", "cutoff", "state"),
    [
        ("misfortune", "2024-06-05T09:00", "2024-06-06", "done"),
        ("misfortune", "2024-06-01T09:00", "2024-06-06", "due"),
        ("misfortune", "2024-06-01T09:00", "2024-06-12", "overdue"),
        ("milestone", "2024-06-01T09:00", "2024-06-12", "due"),
    ],
)
def test_a_life_event_is_owed_a_visit_from_the_day_it_is_known(topic, visited, cutoff, state):
    told = event("life_event", "2024-05-20T09:00", known="2024-06-03T20:00", attributes={"topic": topic})
    (row,) = rows(book([told, event("visit", visited)]), topic, cutoff=cutoff)
    assert (row["channel"], row["state"], row["due_from"]) == ("visit", state, at("2024-06-03T00:00"))


MADE = event("promise_made", "2024-05-20T09:00", due="2024-06-05T12:00")
UNDATED = event("promise_made", "2024-05-20T09:00")
TOLD = event("complaint", "2024-06-01T09:00")


@pytest.mark.parametrize(
    ("events", "duty", "cutoff", "due_by", "state", "must"),
    [
        ([MADE], "promise", "2024-06-03", "2024-06-05T12:00", "due", True),
        ([MADE], "promise", "2024-06-06", "2024-06-05T12:00", "overdue", True),
        ([MADE, event("promise_kept", "2024-06-05T18:00", ref=MADE["event_id"])], "promise", "2024-06-06", "2024-06-05T12:00", "done", False),
        ([MADE, event("promise_kept", "2024-06-05T18:00", ref="another")], "promise", "2024-06-06", "2024-06-05T12:00", "overdue", True),
        ([UNDATED], "promise", "2024-06-03", "2024-06-19T09:00", "due", False),
        ([TOLD], "complaint", "2024-06-03", "2024-06-08T09:00", "due", True),
        ([TOLD, event("complaint_resolved", "2024-06-02T18:00", ref=TOLD["event_id"])], "complaint", "2024-06-03", "2024-06-08T09:00", "done", False),
        ([event("inbound", "2024-06-01T09:00")], "inbound", "2024-06-03T10:00", "2024-06-03T09:00", "overdue", False),
        ([event("inbound", "2024-06-01T09:00"), event("call", "2024-06-03T09:30")], "inbound", "2024-06-03T10:00", "2024-06-03T09:00", "done", False),
        ([event("call", "2024-06-01T08:30"), event("inbound", "2024-06-01T09:00")], "inbound", "2024-06-02", "2024-06-03T09:00", "due", False),
    ],
)  # fmt: skip
def test_what_is_open_is_owed_until_it_is_settled(events, duty, cutoff, due_by, state, must):
    (row,) = rows(book(events), duty, cutoff=cutoff)
    assert (row["due_by"], row["state"], row["must"]) == (at(due_by), state, must)
    assert row["event_id"] == next(
        each["event_id"] for each in events if each["kind"] in ("promise_made", "complaint", "inbound")
    )


def test_what_was_settled_long_ago_is_not_told_again():
    kept = event("promise_kept", "2024-05-22T09:00", ref=MADE["event_id"])
    assert rows(book([MADE, kept]), "promise", "2024-W26") == []


@pytest.mark.parametrize(
    ("opened", "duty", "last", "gone"),
    [
        (MADE, "promise", "2024-12-02T11:59", "2024-12-02T12:00"),  # 180 days after 5 June, 12:00
        (TOLD, "complaint", "2024-12-05T08:59", "2024-12-05T09:00"),  # 180 days after 8 June, 9:00
        (TOLD, "complaint_visit", "2024-12-05T08:59", "2024-12-05T09:00"),
        (event("inbound", "2024-06-01T09:00"), "inbound", "2024-07-03T08:59", "2024-07-03T09:00"),  # 30 days after 3 June
    ],
)  # fmt: skip
def test_what_is_long_overdue_is_no_longer_required(opened, duty, last, gone):
    week_of = f"{at(gone):%G-W%V}"
    (row,) = rows(book([opened]), duty, week_of, cutoff=last)
    assert row["state"] == "overdue"
    assert rows(book([opened]), duty, week_of, cutoff=gone) == []


@pytest.mark.parametrize(
    ("later", "told", "cutoff", "channel", "due_by", "state", "must"),
    [
        ([], "2024-06-03T09:00", "2024-06-04", "visit", "2024-06-06T00:00", "due", True),
        ([], "2024-06-07T09:00", "2024-06-08", "visit", "2024-06-13T00:00", "due", False),  # Friday, Dragon Boat on Monday
        ([("call", "2024-06-03T10:00")], "2024-06-03T09:00", "2024-06-04", "visit", "2024-06-06T00:00", "due", True),
        ([("visit", "2024-06-03T10:00")], "2024-06-03T09:00", "2024-06-04", "visit", "2024-06-06T00:00", "done", False),
        ([("visit", "2024-06-03T08:00")], "2024-06-03T09:00", "2024-06-06", "visit", "2024-06-06T00:00", "overdue", True),
        ([("complaint_resolved", "2024-06-03T10:00")], "2024-06-03T09:00", "2024-06-04", "visit", "2024-06-06T00:00", "waived", False),
    ],
)  # fmt: skip
def test_a_complaint_is_settled_by_a_visit_within_two_working_days(later, told, cutoff, channel, due_by, state, must):
    complaint = event("complaint", told)
    events = [event(kind, when, ref=complaint["event_id"]) for kind, when in later]
    (row,) = rows(book([complaint, *events]), "complaint_visit", cutoff=cutoff)
    assert (row["channel"], row["due_by"], row["state"], row["must"]) == (channel, at(due_by), state, must)


def test_a_visit_that_counts_in_part_settles_no_complaint():
    complaint, visit = event("complaint", "2024-06-03T09:00"), event("visit", "2024-06-03T10:00", minutes=1)
    (row,) = rows(book([complaint, visit]), "complaint_visit", cutoff="2024-06-04")
    assert row["state"] == "due"


@pytest.mark.parametrize(
    ("leave", "channel", "state"),
    [(("2024-06-03", "2024-06-06"), "call", "done"), (("2024-06-03", "2024-06-05"), "visit", "due")],
)
def test_a_call_will_do_where_the_rep_is_on_leave_until_the_visit_is_due(leave, channel, state):
    complaint, call = event("complaint", "2024-06-03T09:00"), event("call", "2024-06-03T10:00")
    made = book([complaint, call], reps=[rep("r", leave)])
    (row,) = rows(made, "complaint_visit", cutoff="2024-06-04")
    assert (row["channel"], row["state"]) == (channel, state)


def test_a_playbook_may_do_without_visits_about_complaints():
    answers = replace(PHARMACY.answers, complaint_visit_workdays=0)
    plain = replace(PHARMACY, answers=answers)
    table = list_duties(book([TOLD]), plain, CHINA, week("2024-W23"), instant("2024-06-03"))
    assert {row["duty"] for row in table.to_pylist()} & {"complaint", "complaint_visit"} == {"complaint"}


def test_a_closed_account_is_owed_nothing():
    made = book([MADE, TOLD, event("account_closed", "2024-06-02T09:00")], contacts=PEOPLE)
    table = list_duties(made, PHARMACY, CHINA, week("2024-W24"), instant("2024-06-10"))
    kinds = {row["duty"] for row in table.to_pylist()}
    assert kinds <= {"cadence", "problems", "asks", "trainings"}
    june = [row for row in table.to_pylist() if row["duty"] == "cadence"]
    assert {row["why"] for row in june} == {"part_of_month"}


MOVED = event("rep_assigned", "2024-06-03T09:00", rep_id="r2", attributes={"from": "r", "to": "r2"})


@pytest.mark.parametrize(
    ("tier", "later", "period", "due_by", "state", "must"),
    [
        ("A", [], "2024-W23", "2024-06-09T00:00", "due", True),
        ("B", [], "2024-W23", "2024-06-18T00:00", "due", False),
        ("B", [], "2024-W25", "2024-06-18T00:00", "due", True),
        ("C", [], "2024-W27", "2024-07-04T00:00", "due", True),
        ("A", [event("visit", "2024-06-05T09:00", rep_id="r2")], "2024-W23", "2024-06-09T00:00", "done", False),
        ("A", [event("call", "2024-06-05T09:00", rep_id="r2")], "2024-W23", "2024-06-09T00:00", "due", True),
        ("A", [], "2024-W30", "2024-06-09T00:00", "overdue", True),
    ],
)  # fmt: skip
def test_a_rep_who_takes_over_an_account_introduces_himself(tier, later, period, due_by, state, must):
    cutoff = "2024-06-06" if period == "2024-W23" else None
    (row,) = rows(book([MOVED, *later], [account(tier=tier, owner_rep_id="r2")]), "handover", period, cutoff)
    assert (row["rep_id"], row["due_by"], row["state"], row["must"]) == ("r2", at(due_by), state, must)


@pytest.mark.parametrize("before", [None, "r2"])
def test_an_account_that_nobody_else_looked_after_is_not_handed_over(before):
    first = event("rep_assigned", "2024-06-03T09:00", rep_id="r2", attributes={"from": before, "to": "r2"})
    assert rows(book([first], [account(owner_rep_id="r2")]), "handover", "2024-W24") == []
    assert rows(book([MOVED], [account(owner_rep_id="r2")]), "handover", "2024-W40") == []  # expired
