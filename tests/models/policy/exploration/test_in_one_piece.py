"""A simulated company's week, from duties to logged decisions."""

import json
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from experiments.world.world import SizeShape, build_world
from experiments.world.writing import write_world
from features.cutoffs import default_cutoff
from kqml.calendar.business_time import moment_of
from kqml.calendar.workdays import workdays
from kqml.duties.engine import list_duties
from kqml.duties.inputs import read_duty_inputs
from kqml.duties.period import week as week_named
from kqml.duties.table import SCHEMA
from kqml.playbook import read_playbook
from models.policy.allocation.allocation import violations
from models.policy.allocation.cadence import exploration, no_floors, shortfall_costs, tier_indices, with_floors
from models.policy.allocation.problem import NOT_BOOKED, Actions, AllocationProblem
from models.policy.allocation.required_contacts import required_contacts
from models.policy.exploration.randomisation import draw_exploration, holdout_accounts, uniform_draws
from models.policy.exploration.week import decide_week
from models.policy.guardrails.account_state import account_states
from models.policy.guardrails.log_columns import log_columns
from models.policy.guardrails.rules import apply_guardrails


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    dataset, _ = write_world(build_world(SizeShape(200, 4, 30), 0), tmp_path_factory.mktemp("world") / "data")
    return dataset


def test_a_week_goes_from_duties_to_a_decision_log(company):
    playbook = read_playbook()
    book = read_duty_inputs(company, playbook)
    cutoff = default_cutoff(company.event_log(), company.info.time_zone)
    monday = moment_of(cutoff, company.info.time_zone).date()
    monday += timedelta(days=-monday.weekday() % 7)
    period = week_named(f"{monday.isocalendar().year}-W{monday.isocalendar().week:02d}")
    ids, count, actions = book.log.accounts, len(book.log.accounts), Actions.of(playbook)
    situation = account_states(book, playbook, period, cutoff, np.zeros((count, len(actions.names))))
    guarded = apply_guardrails(situation, playbook)
    owed = required_contacts(list_duties(book, playbook, workdays(), period, cutoff), list(ids))
    rep = np.arange(count) % 4
    tier = tier_indices(situation.tier)
    hours = np.tile([playbook.rep.minutes_per_week, playbook.rep.stops_per_week, playbook.rep.budget_per_week], (4, 1))
    problem = AllocationProblem(
        actions=actions,
        rep=rep,
        tier=tier,
        net_value=np.where(np.arange(len(actions.names)) > 0, -5.0, 0.0) * np.ones((count, 1)),
        allowed=guarded.allowed,
        fulfils=owed.fulfils(actions),
        booked=np.full(count, NOT_BOOKED),
        due=owed.due,
        shortfall_cost=shortfall_costs(playbook, tier),
        capacity=hours,
        floor=no_floors(4),
    )
    problem = with_floors(problem, playbook)
    held = holdout_accounts(playbook.holdout, ids, monday)
    epsilon = exploration(playbook, tier, problem.must | held)
    luck = [uniform_draws("salt", f"{purpose} {period.first}", ids) for purpose in ("coin", "draw")]
    week = decide_week(problem, draw_exploration(problem.allowed, epsilon, *luck))
    assert sum(violations(problem, week.allocation).values()) == 0
    assert ((week.probability > 0) & (week.probability <= 1)).all()
    assert week.evaluable.any()
    assert not week.evaluable[held | problem.must].any()
    assert (week.assigned > 0).any()
    eligible, blocked = log_columns(guarded, actions.names)
    assert all(actions.names[action] in json.loads(text) for action, text in zip(week.assigned, eligible, strict=True))
    assert not set(json.loads(blocked[0])) & set(json.loads(eligible[0]))


def duty(account, **columns):
    plain = dict.fromkeys(SCHEMA.names) | {"account_id": account, "state": "due", "must": False, "behind": 0.0}
    return plain | columns


def test_what_a_week_owes_is_what_is_behind_and_its_own_part():
    weeks = 365.25 / 12 / 7
    rows = [
        duty("a", duty="cadence", channel="visit", target=8.0, counted=1.0, behind=2.0),
        duty("a", duty="cadence", channel="call", target=4.0, counted=3.9, behind=0.0),
        duty("b", duty="promise", must=True),
        duty("c", duty="festival", channel="visit", must=True),
        duty("c", duty="festival", channel="call", must=True, state="done"),
        duty("c", duty="cadence", channel="visit", target=9.0, counted=0.0, state="waived", why="declared"),
        duty("x", duty="cadence", channel="visit", target=9.0, counted=0.0, behind=9.0),
    ]
    plain = pa.schema([pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in SCHEMA])
    owed = required_contacts(pa.Table.from_pylist(rows, schema=plain), ["a", "b", "c"])
    assert owed.due[0] == pytest.approx([2 + 8 / weeks, 0.1, 0])
    assert owed.due[1:].sum() == 0
    actions = Actions(("wait", "message", "visit"), np.zeros((3, 3)), np.array([[0, 0, 0], [0, 0, 1], [1.0, 0, 0]]))
    assert owed.fulfils(actions).tolist() == [[False] * 3, [False, False, True], [False, False, True]]


@pytest.mark.parametrize(
    ("musts", "keeping"),
    {
        "a complaint wants a talk, not a message": ([("complaint", None)], ["call", "visit", "both"]),
        "a complaint is settled by a visit": ([("complaint_visit", "visit")], ["visit", "both"]),
        "a call is required where the rep is on leave": ([("complaint_visit", "call")], ["call", "both"]),
        "a promise wants a talk": ([("promise", None)], ["call", "visit", "both"]),
        "a greeting is a message": ([("festival", "message")], ["message"]),
        "a visit is no call": ([("festival", "visit")], ["visit", "both"]),
        "a gift is brought": ([("festival", "gift")], ["visit", "both"]),
        "a visit goes before a message where nothing brings both": (
            [("festival", "visit"), ("festival", "message")],
            ["visit", "both"],
        ),
        "a call goes before a message": ([("festival", "call"), ("birthday", "message")], ["call", "both"]),
        "both where something brings both": ([("festival", "visit"), ("festival", "call")], ["both"]),
        "a talk goes before a message": ([("complaint", None), ("birthday", "message")], ["call", "visit", "both"]),
    }.values(),
)
def test_a_must_is_kept_by_what_it_asks_for(musts, keeping):
    rows = [duty("a", duty=name, channel=channel, must=True) for name, channel in musts]
    plain = pa.schema([pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in SCHEMA])
    contacts = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 0]], dtype=float)
    actions = Actions(("wait", "message", "call", "visit", "both"), np.zeros((5, 3)), contacts)
    found = required_contacts(pa.Table.from_pylist(rows, schema=plain), ["a"]).fulfils(actions)[0]
    assert [name for name, kept in zip(actions.names, found, strict=True) if kept] == keeping


@pytest.mark.parametrize(("can_visit", "keeping"), [(True, ["visit"]), (False, ["call"])])
def test_a_complaint_is_settled_by_a_call_only_where_no_visit_is_possible(can_visit, keeping):
    rows = [duty("a", duty="complaint_visit", channel="visit", must=True), duty("a", duty="complaint", must=True)]
    plain = pa.schema([pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in SCHEMA])
    contacts = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]], dtype=float)
    actions = Actions(("wait", "message", "call", "visit"), np.zeros((4, 3)), contacts)
    required = required_contacts(pa.Table.from_pylist(rows, schema=plain), ["a"])
    fulfilling = required.fulfils(actions, np.array([[True, True, True, can_visit]]))[0]
    fitting = [name for name, fits in zip(actions.names, fulfilling, strict=True) if fits]
    assert [name for name in fitting if can_visit or name != "visit"] == keeping


def test_where_nobody_can_talk_any_contact_keeps_a_must():
    rows = [duty("a", duty="complaint", must=True)]
    plain = pa.schema([pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in SCHEMA])
    actions = Actions(("wait", "message"), np.zeros((2, 3)), np.array([[0, 0, 0], [0, 0, 1]], dtype=float))
    found = required_contacts(pa.Table.from_pylist(rows, schema=plain), ["a"]).fulfils(actions)
    assert found.tolist() == [[False, True]]
