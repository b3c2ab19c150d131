"""Integer programs by HiGHS (Huangfu & Hall 2018), with retries where it fails and its output silenced."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from kqml.errors import CouldNot
from models.policy.allocation.problem import Flags, Floats

ATTEMPTS = ((True, 0.0, 0.0), (False, 0.0, 0.0), (False, 1e-3, 0.0), (True, 1e-3, 1e-6), (False, 1e-2, 1e-5))
"""Presolve, smallest gap, relative perturbation of the weights: HiGHS 1.12 ends some programs with a *solve error* that
it solves under another setting, or with weights that differ in the last digits."""

INFEASIBLE = 2
"""SciPy's status of a program without solution."""

_LOCK = threading.Lock()
_redirected = 0
_retained = -1


@dataclass(frozen=True)
class Optimum:
    """`least`: the objective of `x`; `bound`: no solution is below it."""

    x: Floats
    least: float
    bound: float


def solve_integer_program(
    weights: Floats, whole: Flags, upper: Floats, rules: Sequence[LinearConstraint], gap: float
) -> Optimum | None:
    """Minimise weights · x over 0 ≤ x ≤ upper, x integer where `whole`, to a relative gap.

    Returns None where no x satisfies the constraints `rules`. Raises CouldNot where every attempt of HiGHS fails.
    """
    message = ""
    for presolve, least_gap, perturbed in ATTEMPTS:
        # Deterministic: the same program must give the same plan again.
        perturbation = perturbed * np.abs(weights) * np.cos(np.arange(len(weights)))
        with _silence_standard_output():
            result = milp(
                weights + perturbation,
                integrality=whole.astype(np.int64),
                bounds=Bounds(0, upper),
                constraints=rules,
                options={"mip_rel_gap": max(gap, least_gap), "presolve": presolve},
            )
        if result.x is not None:
            x = np.asarray(result.x, dtype=np.float64)
            # The perturbed objective differs from the true one by at most `slack`: less that, the bound still holds.
            slack = float((np.abs(perturbation) * np.where(np.isfinite(upper), upper, 0.0)).sum())
            return Optimum(x, float(weights @ x), float(result.mip_dual_bound) - slack)
        if result.status == INFEASIBLE:
            return None
        message = str(result.message)
    raise CouldNot(f"HiGHS could not solve an integer program of {len(weights)} variables: {message}")


@contextmanager
def _silence_standard_output() -> Iterator[None]:
    """Drop what the process writes to file descriptor 1 while the block runs.

    HiGHS prints a few of its lines with `printf` whatever SciPy's `disp` says. They wait in the buffer of the C library
    where standard output is no terminal, so that buffer is emptied before the descriptor is restored.
    """
    global _redirected, _retained
    with _LOCK:
        if _redirected == 0:
            sys.stdout.flush()
            _retained = os.dup(1)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.close(nowhere)
        _redirected += 1
    try:
        yield
    finally:
        with _LOCK:
            _redirected -= 1
            if _redirected == 0:
                ctypes.CDLL(None).fflush(None)
                os.dup2(_retained, 1)
                os.close(_retained)
