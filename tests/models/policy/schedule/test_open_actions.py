"""Decisions become contacts with minutes and rules; a rep's week becomes working days."""

from datetime import date

import pytest

from kqml.duties import week
from kqml.duties.period import day_number
from kqml.duties.reps import DutyRep
from kqml.playbook import read_playbook
from kqml.playbook.playbook import playbook_from
from models.policy.schedule.open_actions import OpenDecision, open_actions, visiting_rules
from models.policy.schedule.working_week import RepAvailability, working_days

PLAYBOOK = read_playbook()
WEEK = week("2024-W10")


def decision(action="visit", **facts):
    return OpenDecision(decision_id="d", action=action, account=facts.pop("account", {}), **facts)


@pytest.mark.parametrize(
    ("action", "roles", "contacts"),
    [
        ("visit", ("manager",), [(55, 10, True)]),
        ("visit", ("manager", "specialist"), [(55, 15, True)]),
        ("visit", ("cashier",), [(55, 20, True)]),
        ("visit", (), [(55, 20, True)]),
        ("two_visits", ("owner",), [(55, 10, True), (55, 10, True)]),
        ("call", ("manager",), [(15, 15, False)]),
        ("action of an older playbook", (), [(0, 0, False)]),
    ],
)
def test_the_minutes_of_a_visit_follow_the_roles_of_the_contacts(action, roles, contacts):
    result = open_actions(decision(action, roles=roles), PLAYBOOK)
    assert [(each.minutes, each.duration, each.is_visit) for each in result] == contacts
    assert [each.part for each in result] == list(range(1, len(contacts) + 1))


def test_two_visits_that_the_rep_scheduled_once_are_one_contact():
    (result,) = open_actions(decision("two_visits", day=date(2024, 3, 5), minute=600), PLAYBOOK)
    assert (result.day, result.minute, result.minutes) == (date(2024, 3, 5), 600, 110)


def test_the_rules_of_a_store_are_its_columns_without_the_quiet_hours():
    account = {
        "visit_weekdays": "Tu",
        "visit_time": "14:00-16:00",
        "opening_hours": "Mo-Sa 07:00-21:00",
        "route": "E3",
        "latitude": 31.2,
        "longitude": 121.4,
    }
    rules = visiting_rules(account, PLAYBOOK.limits.quiet_hours)
    assert (rules.weekdays, rules.begins, rules.route) == ({1}, (840, 960), "E3")
    assert rules.coordinates == (31.2, 121.4)
    assert rules.hours == (((510, 1200),),) * 6 + ((),)


def test_nobody_is_contacted_in_quiet_hours_around_noon():
    quiet = {"start": "12:00:00", "end": "14:00:00"}
    content = PLAYBOOK.content | {"limits": PLAYBOOK.content["limits"] | {"quiet_hours": quiet}}
    rules = visiting_rules({"opening_hours": "09:00-18:00"}, playbook_from(content).limits.quiet_hours)
    assert rules.hours is not None
    assert rules.hours[0] == ((540, 720), (840, 1080))


def test_the_days_from_today_on_share_the_minutes_of_the_week():
    days = working_days(RepAvailability(DutyRep("R"), 1500), WEEK, PLAYBOOK, date(2024, 3, 6), 14 * 60 + 5)
    assert [(day.day.day, day.minutes, day.opens, day.is_open) for day in days] == [
        (6, 300, 845, True),
        (7, 300, 540, True),
        (8, 300, 540, True),
        (9, 0, 540, False),
        (10, 0, 540, False),
    ]


def test_absences_and_what_is_done_already_take_minutes():
    thursday = day_number(date(2024, 3, 7))
    rep = DutyRep("R", absences=((thursday, thursday + 1),))
    hours = RepAvailability(rep, done={date(2024, 3, 6): 100.0})
    days = working_days(hours, WEEK, PLAYBOOK, date(2024, 3, 6), 0)
    assert [(day.minutes, day.absent) for day in days[:3]] == [(380, False), (0, True), (480, False)]


def test_a_week_that_the_calendar_frees_has_seven_working_days():
    days = working_days(RepAvailability(DutyRep("R"), 700), week("2024-W40"), PLAYBOOK, date(2024, 9, 30), 0)
    assert [(day.minutes, day.is_off) for day in days] == [(700, False)] + [(0, True)] * 6
    days = working_days(RepAvailability(DutyRep("R"), 700), week("2017-W40"), PLAYBOOK, date(2017, 10, 2), 0)
    assert [(day.minutes, day.is_off) for day in days] == [(100, False)] * 7


def test_the_playbook_may_say_how_many_minutes_a_day_has():
    content = PLAYBOOK.content | {"workday": {"start": "08:00:00", "minutes": 360, "km_per_hour": 30}}
    days = working_days(RepAvailability(DutyRep("R"), 1500), WEEK, playbook_from(content), date(2024, 3, 8), 0)
    assert (days[0].minutes, days[0].opens) == (360, 480)
