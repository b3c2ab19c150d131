"""The logs that a world can keep: the reference pilot, and two purely behavioural ones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from experiments.world.control import Pilot, Policy, Reps
from experiments.world.world import World
from experiments.world.writing import LogPlan
from kqml.errors import BadUse, Fault
from kqml.events import EventKind

REFERENCE_ACCOUNTS, REFERENCE_REPS, REFERENCE_WEEKS = 20_000, 400, 130
"""The reference run: 104 weeks of the reps' own way, 26 weeks of pilot."""

UNRECORDED = frozenset(
    {
        EventKind.COMPLAINT,
        EventKind.COMPLAINT_RESOLVED,
        EventKind.PROBLEM_RAISED,
        EventKind.INBOUND,
        EventKind.COMPETITOR_SEEN,
    }
)
"""What reps react to and, in the hidden log, nobody writes down."""


@dataclass(frozen=True)
class LogKind:
    """`hunch`: weight of what reps feel and nobody records, in what they do. `hidden`: kinds never written down."""

    randomised: bool
    hunch: float | None = None
    hidden: frozenset[EventKind] = frozenset()


KINDS: Mapping[str, LogKind] = {
    "reference": LogKind(randomised=True),
    "behaviour": LogKind(randomised=False, hunch=0.0),
    "hidden": LogKind(randomised=False, hunch=0.8, hidden=UNRECORDED),
}
"""`reference`: a share of account-weeks is drawn evenly from the eligible actions. `behaviour`: reps alone, everything
they react to is recorded. `hidden`: reps alone, some of it is not."""


def logged(world: World, name: str, share: float, weeks: int) -> tuple[World, LogPlan]:
    """The world changed as the log `name` wants it, with the plan of the log. Raises BadUse where it cannot be."""
    faults = []
    if name not in KINDS:
        faults.append(Fault("--log", f"{name} is not a log of the world", f"use {', '.join(KINDS)}"))
    if not 0 < share <= 1:
        faults.append(Fault("--pilot-share", f"{share} is not a share", "give a number above 0, at most 1"))
    if not 0 < weeks <= world.shape.weeks:
        faults.append(Fault("--pilot-weeks", f"{weeks} weeks of {world.shape.weeks}", "give fewer weeks than --weeks"))
    if faults:
        raise BadUse("Such a log cannot be kept.", faults)
    kind = KINDS[name]
    habits = world.rules.habits if kind.hunch is None else replace(world.rules.habits, hunch=kind.hunch)
    rules = replace(world.rules, habits=habits, hidden=world.rules.hidden | kind.hidden)
    policy: Policy = Pilot(share) if kind.randomised else Reps()
    return replace(world, rules=rules), LogPlan(policy, weeks)
