"""Minimum detectable effects of experiments whose accounts share reps.

An account's outcome has standard deviation σ, correlation ρ within reps, correlation r with the same outcome of the
time before. Accounts held out within reps: Var = σ²(1 − ρ)(1 − r²)(1/n₁ + 1/n₀), since reps cancel. Whole reps of m
accounts: Var = σ²(1 − r²)(1 + (m − 1)ρ)/m·(1/k₁ + 1/k₀) (Donner & Klar 2000; adjusting for the time before: Deng et
al. 2013). Detectable with a power of β in a two-sided test at α: (t₁₋α/₂ + tβ)·√Var.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import nct
from scipy.stats import t as student

from kqml.errors import BadUse, Fault

DESIGNS = ("accounts", "reps")


@dataclass(frozen=True)
class Population:
    """`mean`, `sd`: of an account's outcome over the experiment. `icc`: within reps; `correlation`: with the time
    before. `cap`: outcomes are winsorised at this value; None: not at all."""

    accounts: int
    reps: int
    mean: float
    sd: float
    icc: float
    correlation: float
    cap: float | None = None

    @property
    def per_rep(self) -> float:
        return self.accounts / self.reps


@dataclass(frozen=True)
class ExperimentDesign:
    """One design: who is treated, who is held out (accounts, or reps), what can be detected. `error`: the standard
    error of the contrast; `share`: of the mean."""

    design: str
    treated: int
    held_out: int
    error: float
    degrees: float
    detectable: float
    share: float


def plan_design(
    population: Population, design: str, holdout_share: float, alpha: float, power: float
) -> ExperimentDesign:
    """Return what a design ("accounts" or "reps" held out) can detect. Raises BadUse where it is not possible."""
    _check(population, design, holdout_share, alpha, power)
    units = population.accounts if design == "accounts" else population.reps
    holdout = round(units * holdout_share)
    if min(holdout, units - holdout) < 2:
        fault = Fault(
            "share",
            f"{holdout_share} of {units} {design} gives a holdout of {holdout}",
            "choose a share that leaves at least two on each side",
        )
        raise BadUse("The experiment is too small.", [fault])
    error = _unit_sd(population, design) * float(np.sqrt(1 / holdout + 1 / (units - holdout)))
    # One mean for each rep and one slope are estimated where accounts are held out within reps.
    degrees = float(units - population.reps - 1 if design == "accounts" else units - 2)
    detectable = _reach(max(degrees, 1.0), alpha, power) * error
    return ExperimentDesign(
        design, units - holdout, holdout, error, degrees, detectable, detectable / abs(population.mean)
    )


def power_of(planned: ExperimentDesign, change: float, alpha: float) -> float:
    """Return the power: the probability of detecting a true change of this size, by the noncentral t distribution."""
    reach = float(student.ppf(1 - alpha / 2, planned.degrees))
    shift = abs(change) / planned.error
    # Both tails: a small experiment finds the wrong sign with a probability that is not 0.
    return float(nct.sf(reach, planned.degrees, shift) + nct.cdf(-reach, planned.degrees, shift))


def _unit_sd(population: Population, design: str) -> float:
    """Return the standard deviation of a randomised unit's mean; the variance between reps is out where it cancels."""
    rest = population.sd * np.sqrt(1.0 - population.correlation**2)
    if design == "accounts":
        return float(rest * np.sqrt(1.0 - population.icc))
    size = population.per_rep
    return float(rest * np.sqrt((1.0 + (size - 1.0) * population.icc) / size))


def _reach(degrees: float, alpha: float, power: float) -> float:
    return float(student.ppf(1 - alpha / 2, degrees) + student.ppf(power, degrees))


def _check(population: Population, design: str, holdout_share: float, alpha: float, power: float) -> None:
    rules = {
        "accounts": (population.accounts > population.reps, "give more accounts than reps"),
        "reps": (population.reps >= 1, "give at least one"),
        "mean": (np.isfinite(population.mean) and population.mean != 0, "give a number other than 0"),
        "sd": (population.sd > 0, "give a number above 0"),
        "icc": (0 <= population.icc < 1, "give a number from 0 to below 1"),
        "correlation": (-1 < population.correlation < 1, "give a number between -1 and 1"),
    }
    faults = [
        Fault(name, f"{getattr(population, name)} is not valid", todo)
        for name, (holds, todo) in rules.items()
        if not holds
    ]
    for name, value in (("share", holdout_share), ("alpha", alpha), ("power", power)):
        if not 0 < value < 1:
            faults.append(Fault(name, f"{value} is not between 0 and 1", "give a number between 0 and 1"))
    if design not in DESIGNS:
        faults.append(Fault("design", f"{design!r} is not a design", f"use {', '.join(DESIGNS)}"))
    if faults:
        raise BadUse("The experiment cannot be planned.", faults)
