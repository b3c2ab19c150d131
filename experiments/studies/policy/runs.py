"""Parallel simulation of worlds; finished runs are stored, so that a long study can be resumed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from experiments.studies.policy.rollout import RolloutResult, Stage, parts_of, run_stage
from experiments.world.world import SizeShape, build_world
from kqml.native import wait_without_spinning


@dataclass(frozen=True)
class RolloutRun:
    """One world to simulate. `name`: the stage or scenario it belongs to."""

    name: str
    stage: Stage
    accounts: int
    seed: int
    scenarios: tuple[str, ...] = ()

    def file(self, part: str) -> str:
        """Return a file name that is unique to the run."""
        return f"{self.name}_{self.seed}_{part}_{sha256(repr(self).encode()).hexdigest()[:12]}.npz"


@dataclass(frozen=True)
class StoredRollout:
    """The result of a run. `world`: hash of the world."""

    outcome: RolloutResult
    world: str


def run_worlds(
    runs: Iterable[RolloutRun], jobs: int, keep: Path | None, tell: Callable[[int], None]
) -> Mapping[RolloutRun, StoredRollout]:
    """Simulate every run, `jobs` parts at a time.

    `keep`: folder of finished runs of the same code. `tell`: called with the number of finished parts.
    """
    result: dict[tuple[RolloutRun, str], StoredRollout] = {}
    wanted = [(run, part) for run in runs for part in parts_of(run.stage)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=wait_without_spinning) as pool:
        waiting = {}
        for run, part in wanted:
            if keep is not None and (keep / run.file(part)).exists():
                result[run, part] = _read(keep / run.file(part))
            else:
                waiting[pool.submit(_live, run, part)] = (run, part)
        for future in as_completed(waiting):
            run, part = waiting[future]
            result[run, part] = future.result()
            if keep is not None:
                _write(result[run, part], keep / run.file(part))
            tell(len(result))
    return {run: _together([result[run, part] for part in parts_of(run.stage)]) for run, _ in wanted}


def _together(parts: Sequence[StoredRollout]) -> StoredRollout:
    nets = {name: net for result in parts for name, net in result.outcome.nets.items()}
    rows = {name: count for result in parts for name, count in result.outcome.rows.items()}
    return StoredRollout(RolloutResult(nets, rows), parts[0].world)


def _live(run: RolloutRun, part: str) -> StoredRollout:
    shape = SizeShape(run.accounts, max(run.accounts // 50, 2), run.stage.weeks)
    world = build_world(shape, run.seed, scenarios=run.scenarios)
    return StoredRollout(run_stage(world, run.stage, part), world.hash)


def _write(rollout: StoredRollout, path: Path) -> None:
    """Write the file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    nets = {f"net {name}": net for name, net in rollout.outcome.nets.items()}
    rows = {f"rows {name}": np.array(count) for name, count in rollout.outcome.rows.items()}
    with half.open("wb") as file:
        np.savez(file, world=np.array(rollout.world), **nets, **rows)  # type: ignore[arg-type]
    half.replace(path)


def _read(path: Path) -> StoredRollout:
    with np.load(path) as retained:
        nets = {name.removeprefix("net "): retained[name] for name in retained.files if name.startswith("net ")}
        rows = {name.removeprefix("rows "): int(retained[name]) for name in retained.files if name.startswith("rows ")}
        return StoredRollout(RolloutResult(nets, rows), str(retained["world"]))
