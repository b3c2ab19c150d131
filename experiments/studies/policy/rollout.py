"""A world of the study: history, pilot, and a rollout of each policy with the same random draws."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from lightgbm import Booster

from experiments.studies.policy import scores
from experiments.studies.policy.allocation_policy import AllocationPolicy, Score
from experiments.studies.policy.history import RolloutHistory
from experiments.studies.policy.pilot import PilotEffects, observe, run_pilot
from experiments.studies.policy.retraining import RetrainedPolicy
from experiments.world.control import Observation, Reps, WorldDecisions, run
from experiments.world.draws import Floats
from experiments.world.simulation import SimulatedWeeks, Simulation, all_seats
from experiments.world.truth import HORIZON
from experiments.world.world import World

SIMPLE = ("playbook_only", "random", "highest_risk", "highest_value", "risk_times_value")
LEARNER, ORACLE, FULL_ORACLE, OURS = "t_learner", "observable_oracle", "full_oracle", "kqml"
FIRST_PATH = 1_000
PARTS = ("compared", "ours", "full")
"""A stage is simulated in parts, each from the start: simple policies, our learners, the full oracle."""


@dataclass(frozen=True)
class Stage:
    """A pilot and the policies learned from it.

    `behaviour`, `pilot`, `policy`: weeks, followed by a horizon of run-out. `share`: of account-weeks that the pilot
    randomises. `parts`: shares of the randomised rows, one learner of ours for each. `seats`: number of reps whose
    accounts follow the policies (default all); the pilot covers the whole world.
    """

    behaviour: int
    pilot: int
    policy: int
    share: float
    parts: tuple[float, ...] = (1.0,)
    full_oracle: bool = False
    seats: int | None = None
    futures: int = 1
    paths: int = 8
    look_every: int = 8
    retrain_every: int = HORIZON

    @property
    def weeks(self) -> int:
        """The number of weeks that the world needs."""
        return self.behaviour + self.pilot + self.policy + 2 * HORIZON


@dataclass(frozen=True)
class RolloutResult:
    """Per policy each account's margin less action costs, over policy weeks and run-out, averaged over futures.

    `rows`: randomised rows of each learner of ours at its last training.
    """

    nets: dict[str, Floats]
    rows: dict[str, int]


Making = Callable[[Simulation, PilotEffects], Score]
"""Makes the score of a policy for one future, in which the pilot's outcomes go on maturing."""


def run_stage(world: World, stage: Stage, part: str) -> RolloutResult:
    """Simulate the world up to the pilot's end, then its first seats under each policy of one of PARTS."""
    learned = _learned(world, stage) if part != "full" else PilotEffects(world.playbook.action_names)
    seats = range(min(stage.seats or world.shape.reps, world.shape.reps))
    simulation, history = _begun(world, seats, stage.behaviour)
    looks = (stage.look_every if part == "compared" else 0, stage.paths)
    learned.true = observe(simulation, history, (stage.pilot, stage.share), looks)
    rows: dict[str, int] = {}
    policies = {"compared": _compared, "ours": _ours, "full": _full}[part](learned, stage, rows)
    return RolloutResult(
        {name: _mean_net(simulation, making, (learned, history), stage) for name, making in policies.items()}, rows
    )


def _learned(world: World, stage: Stage) -> PilotEffects:
    """Return the pilot of the whole world."""
    return run_pilot(*_begun(world, all_seats(world), stage.behaviour), stage.pilot, stage.share)


def _begun(world: World, seats: range, weeks: int) -> tuple[Simulation, RolloutHistory]:
    """Return some seats at the pilot's start; their random draws do not depend on the other seats."""
    simulation, history = Simulation(world, seats), RolloutHistory()
    run(simulation, Reps(), weeks, history.notice)
    return simulation, history


def parts_of(stage: Stage) -> tuple[str, ...]:
    return PARTS if stage.full_oracle else PARTS[:2]


def _full(learned: PilotEffects, stage: Stage, rows: dict[str, int]) -> Mapping[str, Making]:
    return {FULL_ORACLE: lambda fork, maturing: scores.by_truth(fork, max(stage.paths // 2, 4))}


def _compared(learned: PilotEffects, stage: Stage, rows: dict[str, int]) -> Mapping[str, Making]:
    risk = _risk(learned)
    values, true = (np.concatenate(columns) for columns in zip(*learned.true, strict=True))
    oracle = [scores.fit_trees(values, true[:, code]) for code in range(1, true.shape[1])]
    fixed: dict[str, Score] = {
        "playbook_only": scores.idle,
        "random": scores.at_random,
        "highest_risk": scores.highest_risk(risk),
        "highest_value": scores.highest_value,
        "risk_times_value": scores.risk_times_value(risk),
        ORACLE: scores.by_trees(oracle),
    }
    result: dict[str, Making] = {name: _always(score) for name, score in fixed.items()}
    result[LEARNER] = lambda fork, maturing: RetrainedPolicy(maturing, scores.t_learner, stage.retrain_every)
    return result


def _risk(learned: PilotEffects) -> Booster:
    """Return the probability that a horizon passes without margin."""
    sample = learned.matured()
    return scores.fit_trees(sample.values, (sample.outcome <= 0).astype(np.float64), "binary")


def _always(score: Score) -> Making:
    return lambda fork, maturing: score


def _ours(learned: PilotEffects, stage: Stage, rows: dict[str, int]) -> Mapping[str, Making]:
    """Return a learner for each share of the rows; `rows` is filled in as they are trained."""
    otherwise = scores.risk_times_value(_risk(learned))
    return {ours_of(share): _learning(share, stage, otherwise, rows) for share in stage.parts}


def ours_of(share: float) -> str:
    """Return the name of our learner of a share of the rows."""
    return OURS if share == 1.0 else f"{OURS}_{share:.3f}"


def _learning(share: float, stage: Stage, otherwise: Score, rows: dict[str, int]) -> Making:
    def make(fork: Simulation, maturing: PilotEffects) -> Score:
        def report_progress(count: int) -> None:
            rows[ours_of(share)] = count

        return RetrainedPolicy(maturing, scores.ours(otherwise), stage.retrain_every, share, report_progress)

    return make


def _mean_net(
    simulation: Simulation, making: Making, known: tuple[PilotEffects, RolloutHistory], stage: Stage
) -> Floats:
    total = np.zeros(len(simulation.accounts))
    for number in range(stage.futures):
        fork, learned, history = simulation.forked(FIRST_PATH + 2 * number), known[0].followed(), known[1].copy()
        total += _net_of(fork, making(fork, learned), (learned, history), stage.policy)
    return total / stage.futures


def _net_of(fork: Simulation, score: Score, known: tuple[PilotEffects, RolloutHistory], weeks: int) -> Floats:
    """Return margin less cost of one future; in the run-out every policy follows the playbook."""
    learned, history = known

    def notice(observation: Observation, decisions: WorldDecisions, weeks: SimulatedWeeks) -> None:
        learned.add_week(weeks.net * observation.margin_rate)
        history.notice(observation, decisions, weeks)

    own = AllocationPolicy("own", score, history)
    margin = run(fork, own, weeks, notice).margin
    after = AllocationPolicy("playbook_only", scores.idle, history, own.booked)
    margin = margin + run(fork, after, HORIZON, history.notice).margin
    return np.asarray(margin - np.sum(own.spent, axis=0) - np.sum(after.spent, axis=0), dtype=np.float64)
