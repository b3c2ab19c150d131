"""Guardrails against a slow reading of the rules, their situation, their words."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kqml.calendar.business_time import instant_of
from kqml.duties.inputs import duty_inputs
from kqml.duties.period import week
from kqml.messages import LANGUAGES
from kqml.playbook import read_playbook
from kqml.playbook.codes import CHANNELS
from models.policy.guardrails.account_state import AccountState, account_states
from models.policy.guardrails.log_columns import log_columns, rejections
from models.policy.guardrails.rules import NONE, RULES, apply_guardrails, blocking_reason

PLAYBOOK = read_playbook()
WAIT, MESSAGE, CALL, VISIT, HELP, TWO = range(6)
MONDAY = instant_of(datetime(2024, 3, 11, tzinfo=UTC))


def situation(count=1, **changes):
    plain = AccountState(
        tier=np.full(count, "A", dtype=object),
        active=np.ones(count, dtype=bool),
        consent=np.ones(count, dtype=bool),
        open_share=np.ones(count),
        rep_share=np.ones(count),
        week=np.zeros((count, 3)),
        month=np.zeros((count, 3)),
        rejected=np.zeros((count, len(PLAYBOOK.actions))),
        gift_asked=np.zeros(count, dtype=bool),
        gift_room=np.full(count, 200.0),
    )
    return replace(plain, **changes)


def slow_rule(one, package, place):
    """The name of the first rule against a package, read as a person would."""
    limits = PLAYBOOK.limits
    if place == 0:
        return None
    if not one["active"]:
        return "status"
    if one["tier"] not in package.tiers:
        return "tier"
    for need in ("consent", "open", "rep"):
        if need in package.needs and one[need] < 0.5:
            return need
    if one["rejected"][place] >= limits.suppression_after_rejections:
        return "suppressed"
    if package.gift and limits.gifts_at_festivals_only and not one["gift_asked"]:
        return "gift_occasion"
    if package.gift > one["gift_room"]:
        return "gift_limit"
    for name, caps in (("week", limits.week), ("month", limits.month)):
        for channel, made in zip(CHANNELS, one[name], strict=True):
            brings = dict(package.contacts).get(channel, 0)
            if brings and made + brings > caps[channel]:
                return f"{name}_cap"
    return None


def test_every_action_is_blocked_by_the_first_rule_against_it():
    random, count, playbook = np.random.default_rng(0), 2_000, with_gift()
    seen = situation(
        count,
        tier=random.choice(np.array(["A", "B", "C", ""], dtype=object), count),
        active=random.random(count) > 0.1,
        consent=random.random(count) > 0.2,
        open_share=random.choice([0.0, 0.4, 0.5, 1.0], count),
        rep_share=random.choice([0.0, 0.4, 0.6, 1.0], count),
        week=random.integers(0, 5, (count, 3)).astype(float),
        month=random.integers(0, 15, (count, 3)).astype(float),
        rejected=random.integers(0, 4, (count, 7)).astype(float),
        gift_asked=random.random(count) > 0.3,
        gift_room=random.choice([0.0, 79.0, 200.0], count),
    )
    guarded = apply_guardrails(seen, playbook)
    for account in range(count):
        one = {
            "active": seen.active[account],
            "tier": seen.tier[account],
            "consent": float(seen.consent[account]),
            "open": seen.open_share[account],
            "rep": seen.rep_share[account],
            "rejected": seen.rejected[account],
            "week": seen.week[account],
            "month": seen.month[account],
            "gift_asked": seen.gift_asked[account],
            "gift_room": seen.gift_room[account],
        }
        for place, package in enumerate(playbook.actions):
            found = int(guarded.rule[account, place])
            assert (None if found == NONE else RULES[found]) == slow_rule(one, package, place)
    assert {RULES[rule] for rule in np.unique(guarded.rule) if rule != NONE} == set(RULES)


@pytest.mark.parametrize(
    ("changes", "action", "rule", "number", "limit"),
    [
        ({"active": np.array([False])}, MESSAGE, "status", None, None),
        ({"tier": np.array(["C"], dtype=object)}, TWO, "tier", None, None),
        ({"consent": np.array([False])}, CALL, "consent", None, None),
        ({"open_share": np.array([2 / 7])}, VISIT, "open", 2 / 7, 0.5),
        ({"rep_share": np.array([0.0])}, HELP, "rep", 0.0, 0.5),
        ({"rejected": np.full((1, 6), 2.0)}, VISIT, "suppressed", 2, 2),
        ({"week": np.array([[2.0, 0, 0]])}, TWO, "week_cap", 4, 3),
        ({"month": np.array([[12.0, 0, 0]])}, VISIT, "month_cap", 13, 12),
    ],
)
def test_a_block_keeps_its_rule_with_numbers_and_words(changes, action, rule, number, limit):
    guarded = apply_guardrails(situation(**changes), PLAYBOOK)
    assert RULES[guarded.rule[0, action]] == rule
    for found, wanted in ((guarded.number, number), (guarded.limit, limit)):
        assert np.isnan(found[0, action]) if wanted is None else found[0, action] == pytest.approx(wanted)
    for language in LANGUAGES:
        told = blocking_reason(guarded, 0, action).text(language)
        assert told
        assert "{" not in told
        assert number is None or number < 1 or f"{number:.0f}" in told
    assert guarded.allowed[0, WAIT]


def test_nothing_to_tell_where_nothing_blocks():
    with pytest.raises(KeyError, match="nothing blocks action 3"):
        blocking_reason(apply_guardrails(situation(), PLAYBOOK), 0, VISIT)


def test_the_log_tells_what_was_eligible_and_what_blocked_the_rest():
    guarded = apply_guardrails(situation(2, consent=np.array([True, False])), PLAYBOOK)
    eligible, blocked = log_columns(guarded, PLAYBOOK.action_names)
    assert json.loads(eligible[0]) == list(PLAYBOOK.action_names)
    assert json.loads(blocked[0]) == {}
    assert json.loads(blocked[1]) == {"message": "consent", "call": "consent"}


def test_rejections_count_by_account_and_action_within_the_days_before_the_cutoff():
    day = 86_400_000_000
    decisions = pd.DataFrame({"decision_id": list("abcdef"), "account_id": ["x", "x", "x", "y", "x", "x"]})
    states = pd.DataFrame(
        {
            "decision_id": list("abcdef"),
            "state": ["rejected", "rejected", "rejected", "rejected", "accepted", "rejected"],
            "at": [MONDAY - day, MONDAY - 28 * day, MONDAY - 29 * day, MONDAY - day, MONDAY - day, MONDAY - day],
            "known_at": [MONDAY - day] * 5 + [MONDAY],
            "action": ["visit", "visit", "visit", "call", "visit", "visit"],
        }
    )
    found = rejections(decisions, states, ["x", "y"], PLAYBOOK.action_names, MONDAY, 28)
    assert found[0].tolist() == [0, 0, 0, 2, 0, 0]
    assert found[1].tolist() == [0, 0, 1, 0, 0, 0]
    zoned = states.assign(**{name: pd.to_datetime(states[name], unit="us", utc=True) for name in ("at", "known_at")})
    assert (rejections(decisions, zoned, ["x", "y"], PLAYBOOK.action_names, MONDAY, 28) == found).all()


def test_the_situation_is_what_was_known_before_the_cutoff():
    accounts = pa.table(
        {
            "account_id": ["a", "b"],
            "tier": ["A", "C"],
            "owner_rep_id": ["r", "s"],
            "status": ["active", "closed"],
            "opened_on": pa.array([datetime(2020, 1, 1), datetime(2020, 1, 1)], pa.date32()),
        }
    )
    reps = pa.table({"rep_id": ["r", "s"], "absences": ['[["2024-03-11", "2024-03-16"]]', None]})
    told = [
        ("1", "a", datetime(2024, 3, 4, tzinfo=UTC), datetime(2024, 3, 4, tzinfo=UTC), "visit", None),
        ("2", "a", datetime(2024, 3, 5, tzinfo=UTC), datetime(2024, 3, 20, tzinfo=UTC), "visit", None),
        ("3", "a", datetime(2024, 2, 28, tzinfo=UTC), datetime(2024, 2, 28, tzinfo=UTC), "call", None),
        ("4", "b", datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC), "account_closed", None),
        (
            "5",
            "a",
            datetime(2024, 3, 1, tzinfo=UTC),
            datetime(2024, 3, 1, tzinfo=UTC),
            "consent_changed",
            '{"to":false}',
        ),
    ]
    names = ("event_id", "account_id", "occurred_at", "known_at", "kind", "attributes")
    events = pa.table(dict(zip(names, map(list, zip(*told, strict=True)), strict=True)))
    book = duty_inputs(accounts, pa.table({"contact_id": [], "account_id": []}), reps, events, "UTC", [])
    found = account_states(book, PLAYBOOK, week("2024-W11"), MONDAY, np.zeros((2, 6)))
    assert found.tier.tolist() == ["A", "C"]
    assert found.active.tolist() == [True, False]
    assert found.consent.tolist() == [False, True]
    assert found.rep_share.tolist() == [pytest.approx(2 / 7), 1.0]
    assert found.open_share.tolist() == [1.0, 1.0]
    assert found.week.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert found.month.tolist() == [[1, 0, 0], [0, 0, 0]]
    assert found.gift_asked.tolist() == [False, False]
    assert found.gift_room.tolist() == [200.0, 200.0]


def with_gift(**limits):
    """The playbook with a seventh package: a visit with a gift of 80."""
    visit = PLAYBOOK.actions[VISIT]
    given = replace(visit, name="gift_visit", money=95.0, gift=80.0)
    changed = replace(PLAYBOOK.limits, **limits)
    return replace(PLAYBOOK, actions=(*PLAYBOOK.actions, given), limits=changed)


@pytest.mark.parametrize(
    ("asked", "room", "limits", "rule"),
    [
        (True, 80.0, {}, None),
        (True, 79.0, {}, "gift_limit"),
        (False, 200.0, {}, "gift_occasion"),
        (False, 200.0, {"gifts_at_festivals_only": False}, None),
        (False, 0.0, {"gifts_at_festivals_only": False}, "gift_limit"),
    ],
)
def test_a_gift_needs_a_festival_that_asks_for_it_and_room_below_the_cap(asked, room, limits, rule):
    playbook = with_gift(**limits)
    facts = {"gift_asked": np.array([asked]), "gift_room": np.array([room]), "rejected": np.zeros((1, 7))}
    guarded = apply_guardrails(situation(**facts), playbook)
    found = int(guarded.rule[0, -1])
    assert (None if found == NONE else RULES[found]) == rule
    assert guarded.allowed[0, VISIT]
    if rule == "gift_limit":
        told = blocking_reason(guarded, 0, 6).text("en")
        assert told == f"The gift costs 80, more than the remaining annual limit per person of {room:.0f}."
