"""The scenarios: switchable changes of the rules of a world, each with a card."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources

from typing_extensions import TypedDict

from experiments.world.behaviour import Habits
from experiments.world.regions import RegionRules
from experiments.world.seats import SeatRules
from kqml.calendar.festivals import CLOSED_DAYS
from kqml.errors import BadUse, Fault
from kqml.events import EventKind

SCENARIOS = (
    "turnover_wave",
    "fake_visits",
    "stuffing",
    "festival_shift",
    "late_records",
    "market_shock",
    "competitor_entry",
    "policy_feedback",
    "no_festival",
)


@dataclass(frozen=True)
class ScenarioRules:
    """What scenarios may change. `feedback_from`: the week from which a risk list rules the reps. `hidden`: kinds
    of events that happen and are never recorded."""

    seats: SeatRules = field(default_factory=SeatRules)
    regions: RegionRules = field(default_factory=RegionRules)
    habits: Habits = field(default_factory=Habits)
    festival_kept: bool = True
    last_closure_days: int = CLOSED_DAYS
    feedback_from: int | None = None
    hidden: frozenset[EventKind] = frozenset()


def rules_of(names: Sequence[str], weeks: int) -> ScenarioRules:
    """The rules of a world of `weeks` weeks under these scenarios. Raises BadUse for a name that does not exist."""
    faults = [
        Fault(name, "is not a scenario", f"use {', '.join(SCENARIOS)}") for name in names if name not in SCENARIOS
    ]
    if faults:
        raise BadUse("The world knows no such scenario.", faults)
    rules = ScenarioRules()
    for name in sorted(set(names)):
        rules = _changed(rules, name, weeks)
    return rules


def _changed(rules: ScenarioRules, name: str, weeks: int) -> ScenarioRules:
    late = 2 * weeks // 3
    seats, regions = rules.seats, rules.regions
    changes: Mapping[str, ScenarioRules] = {
        "turnover_wave": replace(rules, seats=replace(seats, wave_from=late)),
        "fake_visits": replace(rules, seats=replace(seats, fake_share=0.3)),
        "stuffing": replace(rules, seats=replace(seats, pushy_chance=0.25)),
        "festival_shift": replace(rules, last_closure_days=21),
        "late_records": replace(rules, seats=replace(seats, lag_days=21.0)),
        "market_shock": replace(rules, regions=replace(regions, shock_from=late)),
        "competitor_entry": replace(rules, regions=replace(regions, entry_from=late)),
        "policy_feedback": replace(rules, feedback_from=weeks // 2),
        "no_festival": replace(rules, festival_kept=False),
    }
    return changes[name]


class ScenarioCard(TypedDict):
    """What a scenario breaks, what should be seen."""

    breaks: str
    expect: str


def cards() -> Mapping[str, ScenarioCard]:
    """What each scenario breaks, what should be seen."""
    return tomllib.loads((resources.files("experiments.world") / "scenarios.toml").read_text(encoding="utf-8"))
