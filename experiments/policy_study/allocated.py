"""A policy of the study: a score for each account and package, allocated like every other one."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from experiments.policy_study.history import History
from experiments.world.control import Decisions, Observation
from experiments.world.draws import Floats
from kqml.playbook.codes import CHANNELS, TIERS
from models.allocation.allocation import allocate
from models.allocation.cadence import floors, shortfall_costs, tier_places
from models.allocation.owed import WEEKS_PER_MONTH
from models.allocation.problem import NOT_BOOKED, Packages, Problem

Score = Callable[[Observation, Floats, History], Floats]
"""(n, K) from the observation, the features, the history; 0 for waiting."""

TOLERANCE = 0.05
"""Relative gap of each rep's plan, the same for every policy: what prices alone mostly reach."""

BACKLOG_WEEKS = 8
"""Cadence that is longer behind is no longer caught up."""


@dataclass
class Allocated:
    """Guards what the cadence still owes; everything but the score is the same for every policy."""

    name: str
    score: Score
    history: History
    owed: Floats | None = None
    spent: list[Floats] = field(default_factory=list)

    def decide(self, seen: Observation) -> Decisions:
        playbook, packages = seen.playbook, Packages.of(seen.playbook)
        tier = tier_places(seen.tier.astype(object))
        weekly = np.array([[playbook.cadence[name][channel] for channel in CHANNELS] for name in TIERS])
        weekly = weekly[tier] / WEEKS_PER_MONTH
        before = np.zeros_like(weekly) if self.owed is None else self.owed
        due = np.minimum(before + weekly, weekly * BACKLOG_WEEKS) * seen.on_books[:, None]
        rep = np.unique(seen.rep, return_inverse=True)[1].astype(np.int64)
        reps = int(rep.max()) + 1
        hours = playbook.rep
        score = np.where(seen.eligible, self.score(seen, self.history.values(seen), self.history), 0.0)
        problem = Problem(
            packages=packages,
            rep=rep,
            tier=tier,
            net_value=score,
            allowed=seen.eligible,
            fulfils=np.zeros(seen.eligible.shape, dtype=bool),
            booked=np.full(len(rep), NOT_BOOKED),
            due=due,
            shortfall_cost=shortfall_costs(playbook, tier),
            capacity=np.tile([hours.minutes_per_week, hours.stops_per_week, hours.budget_per_week], (reps, 1)),
            floor=floors(playbook, rep, tier, due, reps),
        )
        choice = allocate(problem, tolerance=TOLERANCE).choice
        self.owed = np.maximum(due - packages.contacts[choice], 0.0)
        self.spent.append(packages.cost[choice, 0] * playbook.minute_cost + packages.cost[choice, 2])
        return Decisions.everywhere(choice.astype(np.int8), problem.value[np.arange(len(rep)), choice])
