"""Each open action gets a day that fits it, or a reason why none does."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqml.calendar.visiting_times import open_windows
from models.policy.schedule.scheduling import schedule_week
from models.policy.schedule.week_schedule import OpenAction, VisitingRules, WorkingDay, parts_of

MONDAY = date(2024, 3, 4)
SPEED = 20.0
NEAR, NEARER, FAR = (31.20, 121.40), (31.20, 121.41), (31.40, 121.40)


def working_days(count=5, minutes=480.0, **changes):
    """Days from Monday on, 9:00 to 20:00. `changes`: index of a day as `d0` → fields."""
    return [
        WorkingDay(
            **{"day": MONDAY + timedelta(index), "minutes": minutes, "opens": 540, "closes": 1200}
            | changes.get(f"d{index}", {})
        )
        for index in range(count)
    ]


def visit(name, minutes=55.0, duration=10.0, **facts):
    rules = {key: facts.pop(key) for key in list(facts) if key in VisitingRules.__dataclass_fields__}
    return OpenAction(action_id=name, minutes=minutes, duration=duration, visiting=VisitingRules(**rules), **facts)


def days_of(week):
    """Weekday → (action, start) of its actions, without empty days."""
    return {
        day.day.day.weekday(): [(each.action.action_id, each.start) for each in day.actions]
        for day in week.days
        if day.actions
    }


def left_out(week):
    return {left.action.action_id: left.why for left in week.left_out}


def test_actions_without_any_rule_are_spread_over_the_week():
    week = schedule_week([visit(f"v{number}") for number in range(5)], working_days(), SPEED)
    assert days_of(week) == {day: [(f"v{day}", 540)] for day in range(5)}


def test_the_same_input_gives_the_same_days_bit_for_bit():
    actions = [visit(f"v{n}", coordinates=(31 + n * 7 % 20 / 100, 121 + n * 13 % 20 / 100)) for n in range(20)]
    assert schedule_week(actions, working_days(), SPEED) == schedule_week(actions, working_days(), SPEED)


def test_a_required_action_lies_on_or_before_its_due_day_and_comes_first():
    actions = [visit("other", minutes=480), visit("promise", minutes=480, required=True, due=MONDAY)]
    assert days_of(schedule_week(actions, working_days(), SPEED)) == {0: [("promise", 540)], 1: [("other", 540)]}


def test_a_required_action_exceeds_the_minutes_of_its_day_only_where_no_day_before_its_due_day_has_room():
    actions = [visit(f"p{number}", minutes=300, required=True, due=MONDAY) for number in range(2)]
    week = schedule_week([*actions, visit("other", minutes=300)], working_days(), SPEED)
    assert days_of(week) == {0: [("p0", 540), ("p1", 840)], 1: [("other", 540)]}
    assert [each.flags for each in week.days[0].actions] == [(), ("over_minutes",)]
    assert week.days[0].used == 600


def test_a_required_action_whose_due_day_has_passed_is_late_on_the_first_day():
    week = schedule_week([visit("p", required=True, due=MONDAY - timedelta(3))], working_days(), SPEED)
    assert days_of(week) == {0: [("p", 540)]}
    assert week.days[0].actions[0].flags == ("late",)


@pytest.mark.parametrize(
    ("due", "flags"), [(MONDAY - timedelta(3), ("late",)), (MONDAY, ("late",)), (MONDAY + timedelta(1), ())]
)
def test_a_required_action_that_the_evening_has_no_time_for_is_done_the_next_day(due, flags):
    evening = working_days(3, d0={"opens": 1190})
    week = schedule_week([visit("p", required=True, due=due, duration=20)], evening, SPEED)
    assert days_of(week) == {1: [("p", 540)]}
    assert week.days[1].actions[0].flags == flags


def test_fixed_weekdays_are_kept():
    actions = [visit("tue", weekdays=frozenset({1})), visit("fri", weekdays=frozenset({4}))]
    assert days_of(schedule_week(actions, working_days(), SPEED)) == {1: [("tue", 540)], 4: [("fri", 540)]}


def test_a_required_action_gives_up_the_weekday_rather_than_the_due_day():
    action = visit("p", required=True, due=MONDAY + timedelta(1), weekdays=frozenset({4}))
    week = schedule_week([action], working_days(), SPEED)
    assert days_of(week) == {0: [("p", 540)]}
    assert week.days[0].actions[0].flags == ("off_weekday",)


def test_visits_begin_within_the_stores_hours_and_its_time_of_day():
    hours = open_windows("Mo-Fr 10:00-12:00,14:00-18:00")
    actions = [visit("quiet", begins=(840, 960)), visit("fixed", begins=(660, 660)), visit("opens", hours=hours)]
    week = schedule_week(actions, working_days(1), SPEED)
    assert days_of(week) == {0: [("opens", 600), ("fixed", 660), ("quiet", 840)]}
    assert [(each.start, each.end) for each in week.days[0].actions] == [(600, 610), (660, 670), (840, 850)]


def test_a_call_keeps_the_stores_hours_and_no_weekday():
    action = visit("call", is_visit=False, weekdays=frozenset({4}), hours=open_windows("Mo 11:00-12:00"))
    assert days_of(schedule_week([action], working_days(), SPEED)) == {0: [("call", 660)]}


def test_what_the_rep_scheduled_stays_on_its_day_and_minute_whatever_else():
    scheduled = visit("s", day=MONDAY + timedelta(5), minute=615, hours=open_windows("Mo 11:00-12:00"))
    days = working_days(6, d5={"minutes": 0.0, "is_off": True})
    week = schedule_week([visit("v", minutes=480), scheduled], days, SPEED)
    assert days_of(week) == {0: [("v", 540)], 5: [("s", 615)]}
    assert week.days[5].actions[0].flags == ("over_minutes",)


def test_stores_near_each_other_share_a_day_and_the_way_is_short():
    actions = [visit("near", coordinates=NEAR), visit("far", coordinates=FAR), visit("nearer", coordinates=NEARER)]
    week = schedule_week([*actions, visit("far too", coordinates=(31.40, 121.41))], working_days(2), SPEED)
    assert [{name for name, _ in day} for day in days_of(week).values()] == [{"near", "nearer"}, {"far", "far too"}]
    assert [round(day.km, 2) for day in week.days] == [0.95, 0.95]


def test_a_way_that_an_action_does_not_contain_costs_the_rep_minutes():
    actions = [visit("near", coordinates=NEAR), visit("far", coordinates=FAR)]
    week = schedule_week(actions, working_days(1), SPEED)
    # 22.24 km at 20 km/h are 66.7 minutes, of which the action contains 55 − 10.
    assert round(week.days[0].used, 1) == 131.7
    assert [each.start for each in week.days[0].actions] == [540, 617]


def test_the_stores_of_a_route_are_visited_on_one_day():
    actions = [visit(f"{route}{number}", route=route) for number in range(3) for route in "EW"]
    week = schedule_week(actions, working_days(), SPEED)
    assert [{name for name, _ in day} for day in days_of(week).values()] == [{"E0", "E1", "E2"}, {"W0", "W1", "W2"}]


def test_two_visits_of_one_action_lie_on_two_days():
    actions = parts_of(visit("twice", minutes=110), 2)
    assert days_of(schedule_week(actions, working_days(), SPEED)) == {0: [("twice", 540)], 1: [("twice", 540)]}
    thursday = schedule_week([visit("first", minutes=480), *actions], working_days(5, d1={"minutes": 0.0}), SPEED)
    assert [(day.day.day.weekday(), each.action.part) for day in thursday.days[1:] for each in day.actions] == [
        (2, 1),
        (3, 2),
    ]
    assert left_out(schedule_week(actions, working_days(1), SPEED)) == {"twice": "no_day"}


@pytest.mark.parametrize(
    ("action", "days", "why"),
    [
        (visit("a"), [], "no_day"),
        (visit("a"), working_days(1, d0={"is_off": True}), "no_day"),
        (visit("a", weekdays=frozenset({0})), working_days()[1:], "weekday_over"),
        (visit("a"), working_days(1, d0={"absent": True}), "rep_absent"),
        (visit("a", required=True, due=MONDAY), working_days(1, d0={"absent": True}), "rep_absent"),
        (visit("a", hours=open_windows("Sa,Su 09:00-18:00")), working_days(), "closed"),
        (visit("a", begins=(480, 500)), working_days(), "closed"),
        (visit("a", required=True, due=MONDAY, hours=open_windows("Sa 09:00-18:00")), working_days(), "closed"),
        (visit("a"), working_days(2, minutes=50), "no_room"),
        (visit("a", day=MONDAY + timedelta(9), minute=600), working_days(), "later"),
    ],
)
def test_what_does_not_fit_says_why(action, days, why):
    week = schedule_week([action], days, SPEED)
    assert (days_of(week), left_out(week)) == ({}, {"a": why})


HOURS = [None, *map(open_windows, ("09:00-18:00", "Mo-Fr 09:00-12:00,14:00-18:00", "Sa off; Mo,We,Fr 10:00-20:00"))]
DAYS = st.lists(
    st.builds(
        lambda minutes, off, absent: {"minutes": float(minutes), "is_off": off, "absent": absent},
        st.sampled_from([120, 300, 480]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
).map(lambda rows: working_days(len(rows), **{f"d{index}": row for index, row in enumerate(rows)}))


@st.composite
def open_actions(draw):
    actions = []
    for number in range(draw(st.integers(0, 12))):
        required, scheduled = draw(st.booleans()), draw(st.integers(0, 9)) == 0
        point = (31 + draw(st.integers(0, 20)) / 100, 121 + draw(st.integers(0, 20)) / 100)
        action = visit(
            f"a{number}",
            minutes=float(draw(st.sampled_from([5, 15, 55, 110]))),
            duration=float(draw(st.sampled_from([5, 10, 20]))),
            is_visit=draw(st.integers(0, 3)) > 0,
            required=required,
            due=MONDAY + timedelta(draw(st.integers(-1, 6))) if required else None,
            day=MONDAY + timedelta(draw(st.integers(0, 7))) if scheduled else None,
            minute=draw(st.integers(480, 1150)) if scheduled else None,
            weekdays=draw(st.sampled_from([None, frozenset({1}), frozenset({0, 3})])),
            begins=draw(st.sampled_from([None, (600, 600), (840, 960)])),
            hours=draw(st.sampled_from(HOURS)),
            route=draw(st.sampled_from([None, None, "E", "W"])),
            coordinates=draw(st.sampled_from([None, point])),
        )
        actions += parts_of(action, 1 if scheduled else draw(st.sampled_from([1, 1, 2])))
    return actions


@settings(max_examples=150, deadline=None)
@given(open_actions(), DAYS)
def test_whatever_the_week_every_rule_is_kept_or_flagged(actions, days):
    week = schedule_week(actions, days, SPEED)
    placed = [(day.day, each) for day in week.days for each in day.actions]
    keys = [(each.action.action_id, each.action.part) for _, each in placed]
    keys += [(left.action.action_id, left.action.part) for left in week.left_out]
    assert sorted(keys) == sorted((action.action_id, action.part) for action in actions)
    assert len({(day.day, each.action.action_id) for day, each in placed}) == len(placed)
    for day in week.days:
        over = [each for each in day.actions if "over_minutes" in each.flags]
        assert day.used <= day.day.minutes + 1e-6 or over
        assert all(each.action.required or each.action.is_fixed for each in over)
    for day, each in placed:
        action = each.action
        if action.is_fixed:
            assert (day.day, each.start) == (action.day, action.minute)
            continue
        assert day.is_open
        assert any(first <= each.start <= last for first, last in action.windows[day.day.weekday()])
        assert day.opens <= each.start and each.end <= day.closes
        if action.due is not None:
            assert day.day <= action.due or "late" in each.flags
        if action.visiting.weekdays and action.is_visit:
            assert day.day.weekday() in action.visiting.weekdays or "off_weekday" in each.flags
        assert not ({"off_weekday", "late"} & set(each.flags)) or action.required
    for day in week.days:
        loose = [each for each in day.actions if not each.action.is_fixed]
        assert all(first.start + first.action.duration <= second.start for first, second in pairwise(loose))
