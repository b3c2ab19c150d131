"""The duties equal those of a slow, obvious version on random companies."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from duty_inputs import ZONE, at, book, drawn
from duty_oracle import Oracle

from kqml.calendar.workdays import workdays
from kqml.duties import list_duties, month, week
from kqml.duties.table import DUTIES, STATES
from kqml.messages import catalogue
from kqml.playbook import read_playbook
from kqml.playbook.codes import TIERS

CHINA = workdays("CN")
KEY = ("duty", "account_id", "rep_id", "tier", "occasion", "channel", "contact_id", "event_id")

ASKED = [
    ("pharmacy", week("2024-W05"), "2024-01-29"),  # Spring Festival ahead, two months
    ("pharmacy", week("2024-W07"), "2024-02-12"),
    ("pharmacy", month("2024-01"), "2024-02-20"),
    ("dealer", week("2024-W06"), "2024-02-07T15:30"),
    ("dealer", month("2024-02"), "2024-03-01"),
    ("gifts", week("2024-W06"), "2024-02-08"),
    ("hasty", month("2024-01"), "2024-01-29"),
]


def rules(name):
    """A preset, or the one for stores with a gift for everybody at each festival, or with duties that soon expire."""
    if name not in ("gifts", "hasty"):
        return read_playbook(name)
    plain = read_playbook()
    if name == "hasty":
        days = {f"{duty}_expires_days": 7 for duty in ("complaint", "inbound", "promise", "handover")}
        return replace(plain, answers=replace(plain.answers, **days))
    festivals = tuple(replace(one, gift=TIERS, days_before=3) for one in plain.festivals)
    return replace(plain, festivals=festivals)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("preset", "period", "cutoff"), ASKED)
def test_every_duty_equals_the_slow_obvious_one(seed, preset, period, cutoff):
    company, playbook = drawn(seed), rules(preset)
    made = book(**company)
    found = list_duties(made, playbook, CHINA, period, round(at(cutoff).timestamp() * 1e6)).to_pylist()
    expected = Oracle(company, playbook, CHINA, ZONE).duties(period, at(cutoff))

    assert sorted(map(told, found)) == sorted(map(told, expected))


def test_the_random_companies_have_every_duty_in_every_state_for_every_reason():
    seen: set[tuple[str, str]] = set()
    for seed, (preset, period, cutoff) in itertools.product(range(10), ASKED):
        found = list_duties(book(**drawn(seed)), rules(preset), CHINA, period, round(at(cutoff).timestamp() * 1e6))
        seen |= {pair for row in found.to_pylist() for pair in ((row["duty"], row["state"]), ("why", row["why"]))}
    lists = {duty: set(STATES) for duty in DUTIES}
    never_waived = ("promise", "complaint", "inbound", "milestone", "misfortune", "handover")
    lists |= {duty: set(STATES) - {"waived"} for duty in never_waived}
    lists["why"] = set(catalogue("duties", "en")["why"]) - {"declared"}  # which people say, no rule
    expected = {(duty, state) for duty, states in lists.items() for state in states}
    assert expected - seen == set()
    assert {pair for pair in seen if pair[0] == "why"} <= expected


def told(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a duty says, so that rows can be sorted; numbers rounded beyond the noise of sums."""
    names = tuple(row[name] or "" for name in KEY)
    numbers = tuple(round(row[name], 8) for name in ("target", "counted", "prorated", "behind"))
    days = tuple(row[name].timestamp() for name in ("due_from", "due_by"))
    return (*names, *days, *numbers, row["state"], row["must"])
