"""A policy of the study: a score for each account and action, allocated by the product's allocator."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from experiments.studies.policy.history import RolloutHistory
from experiments.world.control import Observation, WorldDecisions
from experiments.world.draws import Floats
from kqml.calendar.business_time import moment_of
from kqml.playbook.codes import CHANNELS, TIERS
from models.policy.allocation.cadence import no_floors, shortfall_costs, tier_indices, with_floors
from models.policy.allocation.problem import NOT_BOOKED, Actions, AllocationProblem
from models.policy.allocation.required_contacts import WEEKS_PER_MONTH
from models.policy.allocation.solving import solve
from models.policy.allocation.subgradient_ascent import Prices

Score = Callable[[Observation, Floats, RolloutHistory], Floats]
"""(n, K) from the observation, the features, the history; 0 for waiting."""

TOLERANCE = 0.05
"""Relative gap of each rep's plan, the same for every policy: what prices alone mostly reach."""

TIE = 0.1
"""Largest share of an avoided shortfall that luck takes away, the same for every policy: where like accounts are equal
prices alone find no plan."""


@dataclass
class ContactCounts:
    """A policy's contacts of the month (accounts × channels) and the prices of its last week."""

    month: str = ""
    counted: Floats | None = None
    prices: Prices | None = None

    def required(self, monday: date, target: Floats) -> Floats:
        """Return the contacts that are behind plus a week's share, at most what the month lacks: as
        `required_contacts`.

        The month in which the policy begins counts as fulfilled until then.
        """
        elapsed = (monday.day - 1) / monthrange(monday.year, monday.month)[1]
        if self.counted is None:
            self.month, self.counted = f"{monday:%Y-%m}", target * elapsed
        elif self.month != f"{monday:%Y-%m}":
            self.month, self.counted = f"{monday:%Y-%m}", np.zeros_like(target)
        behind = np.maximum(target * elapsed - self.counted, 0.0)
        return np.minimum(behind + target / WEEKS_PER_MONTH, np.maximum(target - self.counted, 0.0))


@dataclass
class AllocationPolicy:
    """Allocates actions by a score. Guardrails, due cadence and allocator are the same for every policy."""

    name: str
    score: Score
    history: RolloutHistory
    booked: ContactCounts = field(default_factory=ContactCounts)
    spent: list[Floats] = field(default_factory=list)

    def decide(self, observation: Observation) -> WorldDecisions:
        playbook, actions = observation.playbook, Actions.of(observation.playbook)
        score = self.score(observation, self.history.values(observation), self.history)
        score = np.where(observation.eligible, score, 0.0)
        problem = self._problem(observation, actions, score)
        solution = solve(problem, tolerance=TOLERANCE, start=self.booked.prices, threads=1)
        choice, self.booked.prices = solution.choice, solution.prices
        assert self.booked.counted is not None
        self.booked.counted += actions.contacts[choice]
        self.spent.append(actions.cost[choice, 0] * playbook.minute_cost + actions.cost[choice, 2])
        return WorldDecisions.everywhere(choice.astype(np.int8), problem.value[np.arange(len(choice)), choice])

    def _problem(self, observation: Observation, actions: Actions, score: Floats) -> AllocationProblem:
        playbook, tier = observation.playbook, tier_indices(observation.tier.astype(object))
        rep = np.unique(observation.rep, return_inverse=True)[1].astype(np.int64)
        reps, hours = int(rep.max()) + 1, playbook.rep
        target = np.array([[playbook.cadence[name][channel] for channel in CHANNELS] for name in TIERS])[tier]
        monday = moment_of(observation.cutoff, observation.time_zone).date()
        problem = AllocationProblem(
            actions=actions,
            rep=rep,
            tier=tier,
            net_value=score,
            allowed=observation.eligible,
            fulfils=np.zeros(observation.eligible.shape, dtype=bool),
            booked=np.full(len(rep), NOT_BOOKED),
            due=self.booked.required(monday, target.astype(np.float64)) * observation.on_books[:, None],
            shortfall_cost=shortfall_costs(playbook, tier),
            capacity=np.tile([hours.minutes_per_week, hours.stops_per_week, hours.budget_per_week], (reps, 1)),
            floor=no_floors(reps),
        )
        draws = np.column_stack([observation.uniform("tie", code) for code in range(len(actions.names))])
        return with_floors(replace(problem, net_value=score - TIE * draws * problem.avoided), playbook)
