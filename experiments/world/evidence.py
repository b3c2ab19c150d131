"""Published findings, each replicated as an experiment in the world (README §7)."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from experiments.world import actions
from experiments.world.acting import WeekIntent
from experiments.world.actions import ActionCodes, WorldAction
from experiments.world.draws import Flags, Floats
from experiments.world.dynamics import asleep
from experiments.world.parameters import evidence
from experiments.world.population import SizeShape
from experiments.world.seats import Seats
from experiments.world.simulation import Simulation
from experiments.world.truth import truth
from experiments.world.world import World, build_world

SHAPE = SizeShape(accounts=3000, reps=60, weeks=200)
FROM = 52
"""The week at which an experiment begins."""

LOOKS = (52, 65, 78, 91, 104)
"""Weeks at which sleeping accounts are looked for: three in a hundred sleep at a time, and in one week's few the
handful that is leaving anyway outweighs the others."""

TARGETED, PROGRAMME_WEEKS, CAMPAIGN_EVERY = 0.5, 26, 13
MORE_CONTACT = 1.25
FUTURES = 4


@dataclass(frozen=True)
class PublishedFinding:
    """The world's result for one published finding."""

    value: float
    band: tuple[float, float]
    published: tuple[float, float]

    @property
    def holds(self) -> bool:
        return self.band[0] <= self.value <= self.band[1]


def all_findings(world: World) -> dict[str, PublishedFinding]:
    """Return the result of every finding of `effects.toml`."""
    measured = {
        "rep_departure": rep_departure(world),
        **programme(world),
        "badly_aimed": badly_aimed(world),
        "elasticity": elasticity(world),
    }
    return {
        name: PublishedFinding(value, _pair(stated["band"]), _pair(stated["published"]))
        for name, stated in evidence().items()
        for value in [measured[name]]
    }


def _pair(values: list[float]) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _simulated_until(world: World, week: int) -> Simulation:
    simulation = Simulation(world, range(world.shape.reps))
    while simulation.number < week:
        simulation.live()
    return simulation


@dataclass(frozen=True)
class _Result:
    """Sales and probability of having left (sum of hazards) per account in the later weeks, mean contact dose."""

    sales: Floats
    leaving: Floats
    dose: float


def _go_on(
    simulation: Simulation, weeks: int, plan: Callable[[ActionCodes], WeekIntent] | None = None, skip: int = 0
) -> _Result:
    sales: Floats = np.zeros(len(simulation.accounts))
    leaving: Floats = np.zeros(len(simulation.accounts))
    doses = actions.doses(simulation.world.effects)
    dose = 0.0
    for number in range(weeks):
        rollout = simulation.live(plan)
        if number >= skip:
            sales = sales + rollout.amount
            leaving = leaving + rollout.outcomes.hazard * rollout.buying
            dose += float(doses[rollout.acts.done][rollout.buying].mean())
    return _Result(sales, leaving, dose)


def rep_departure(world: World) -> float:
    """Return the share of a year's sales lost when every rep leaves at once, against none leaving in that year."""
    results = []
    for leaving in (False, True):
        simulation = _simulated_until(world, FROM)
        simulation.seats = _calm(simulation.seats, world.almanac.at(FROM), leaving)
        results.append(_go_on(simulation, 52))
    return 1.0 - float(results[1].sales.sum() / results[0].sales.sum())


def _calm(seats: Seats, index: int, leaving: bool) -> Seats:
    """The seats with nobody leaving from a week on; or everybody in that week, followed after three weeks."""
    left, vacant, tenure = seats.left.copy(), seats.vacant.copy(), seats.tenure.copy()
    left[:, index:], vacant[:, index:] = False, False
    tenure[:, index:] = 100
    if leaving:
        left[:, index], vacant[:, index : index + 3] = True, True
        tenure[:, index + 3 :] = np.arange(tenure.shape[1] - index - 3)
    return replace(seats, left=left, vacant=vacant, tenure=tenure)


def programme(world: World) -> dict[str, float]:
    """Return the effect of a visit a quarter for half a year on the accounts most likely to leave."""
    start = _simulated_until(world, FROM)
    look = start.state.silent / start.state.usual - start.state.satisfaction
    customers = start.books & ~start.state.gone
    targeted = customers & (look >= np.quantile(look[customers], 1 - TARGETED))

    def campaign(treated: Simulation, own: ActionCodes) -> WeekIntent:
        due = (
            targeted
            & ((treated.number - FROM) % CAMPAIGN_EVERY == 0)
            & (own < WorldAction.VISIT)
            & ~treated.week.vacant
        )
        return _forced(own, due, WorldAction.VISIT)

    without, given = _in_futures(start, PROGRAMME_WEEKS), _in_futures(start, PROGRAMME_WEEKS, campaign)
    lost = [result.leaving[targeted].sum() for result in (without, given)]
    return {
        "programme_revenue": float(given.sales[targeted].sum() / without.sales[targeted].sum()) - 1.0,
        "programme_churners": float(lost[1] / lost[0]) - 1.0,
    }


def _in_futures(
    start: Simulation, weeks: int, plan: Callable[[Simulation, ActionCodes], WeekIntent] | None = None, skip: int = 0
) -> _Result:
    """Summed over FUTURES, the same with a plan and without: one large store that leaves in one moves little."""
    results = []
    for path in range(FUTURES):
        simulation = start.forked(path)
        results.append(_go_on(simulation, weeks, None if plan is None else partial(plan, simulation), skip))
    return _Result(
        sales=np.sum([result.sales for result in results], axis=0),
        leaving=np.sum([result.leaving for result in results], axis=0),
        dose=sum(result.dose for result in results),
    )


def _forced(own: ActionCodes, where: Flags, action: WorldAction) -> WeekIntent:
    """The reps' own plan, but for some accounts an action that comes first."""
    assigned = np.where(where, action, own).astype(np.int8)
    return WeekIntent(assigned, assigned, np.zeros(len(own), dtype=bool), np.where(where, 100.0, 0.0))


def badly_aimed(world: World) -> float:
    """Return churn within three months after one impersonal contact to sleeping accounts, over churn without."""
    simulation = _simulated_until(world, FROM)
    lost: Floats = np.zeros(len(WorldAction))
    for look in LOOKS:
        while simulation.number < look:
            simulation.live()
        sleeping = np.flatnonzero(asleep(simulation.state) & simulation.books & ~simulation.state.gone)
        retention = truth(simulation, sleeping, kappa="wait", paths=16).value["retention"]
        lost = lost + (1.0 - retention).sum(axis=0)
    return float(lost[WorldAction.MESSAGE] / lost[WorldAction.WAIT])


def elasticity(world: World) -> float:
    """Return the log change of the second year's sales over the log change of contact over two years."""
    start = _simulated_until(world, FROM)

    def more(treated: Simulation, own: ActionCodes) -> WeekIntent:
        probability = (MORE_CONTACT - 1.0) * _usual_dose(treated)
        extra = (
            (own == WorldAction.WAIT)
            & treated.draws.happens(probability, "more", treated.number)
            & ~treated.week.vacant
        )
        return _forced(own, extra, WorldAction.VISIT)

    without, given = _in_futures(start, 104, skip=52), _in_futures(start, 104, more, skip=52)
    return float(np.log(given.sales.sum() / without.sales.sum()) / np.log(given.dose / without.dose))


def _usual_dose(simulation: Simulation) -> Floats:
    """Dose that an account's tier gets per week, over the share of its weeks that pass without contact."""
    probabilities, _, _ = simulation.intentions()
    doses = probabilities @ actions.doses(simulation.world.effects)
    return np.asarray(doses / np.maximum(probabilities[:, WorldAction.WAIT], 0.05), dtype=np.float64)


def as_json(findings: Mapping[str, PublishedFinding]) -> dict[str, Any]:
    return {
        name: {"value": result.value, "band": result.band, "published": result.published, "holds": result.holds}
        for name, result in findings.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.world.evidence")
    parser.add_argument("--seed", type=int, default=None, help="a drawn world; without it the middle of every range")
    parser.add_argument("--accounts", type=int, default=SHAPE.accounts)
    parser.add_argument("--fit", default="stores")
    request = parser.parse_args()
    shape = SizeShape(request.accounts, request.accounts // 50, SHAPE.weeks)
    world = build_world(shape, request.seed or 0, fit=request.fit, middle=request.seed is None)
    findings = all_findings(world)
    sys.stdout.write(
        json.dumps({"world": world.hash, "seed": request.seed, "findings": as_json(findings)}, indent=2) + "\n"
    )
    return 0 if all(result.holds for result in findings.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
