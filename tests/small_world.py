"""A simulated company in small, for tests of what learns from one."""

from pathlib import Path

from experiments.world.population import SizeShape
from experiments.world.world import build_world
from experiments.world.writing import write_world
from kqml.dataset.folder import Dataset

ACCOUNTS_A_REP = 30


def write_small_world(folder: Path, accounts: int, weeks: int, seed: int = 0) -> Dataset:
    """Stores that buy one vendor's goods, where silences come often enough for a small model; under a second."""
    shape = SizeShape(accounts, max(accounts // ACCOUNTS_A_REP, 1), weeks)
    dataset, _ = write_world(build_world(shape, seed, fit="vendor"), folder)
    return dataset
