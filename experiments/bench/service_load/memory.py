"""The memory that a service takes, with all its processes."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


def resident_mib(group: int) -> float:
    """What the processes of a group hold in memory; pages that they share count for each."""
    return sum(_pages(process) for process in Path("/proc").glob("[0-9]*") if _group(process) == group) * PAGE_MIB


def slope_per_hour(seconds: Sequence[float], mib: Sequence[float]) -> float:
    """By how much memory grows in an hour: the line of least squares."""
    return float(np.polyfit(np.asarray(seconds) / 3600, np.asarray(mib), 1)[0])


def _group(process: Path) -> int | None:
    try:
        return os.getpgid(int(process.name))
    except ProcessLookupError:
        return None


def _pages(process: Path) -> int:
    try:
        return int((process / "statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
