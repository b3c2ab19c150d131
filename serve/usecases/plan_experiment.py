"""Plan an experiment: the smallest change that holding out accounts or reps can show."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from kqml.contract.fields import Count, SchemaKeyword
from kqml.dataset.folder import read_dataset
from kqml.errors import BadUse, Fault
from kqml.playbook import Playbook
from models.evaluation.experiment_design.design import DESIGNS, Population, plan_design, power_of
from models.evaluation.experiment_design.measurements import measure_population

NEEDED = ("accounts", "reps", "mean", "sd")
"""Values that a request without a dataset must give."""


@dataclass(frozen=True, kw_only=True)
class ExperimentRequest:
    """`dataset`: measured for each of accounts, reps, mean, sd, icc and correlation that `given` leaves open;
    `detect`: a share of the mean, None where the power to find it does not matter."""

    dataset: Path | None
    playbook: Playbook
    weeks: tuple[int, ...]
    given: Mapping[str, float | None]
    share: float
    alpha: float
    power: float
    detect: float | None


@dataclass(frozen=True, kw_only=True)
class DesignResult:
    """A design for some weeks: its sides, what it can detect, the population that it was planned for."""

    weeks: Count
    design: Annotated[str, SchemaKeyword("enum", DESIGNS)]
    treated: Count
    held_out: Count
    error: float
    degrees: float
    detectable: float
    share: float
    accounts: Count
    reps: Count
    mean: float
    sd: float
    icc: float
    correlation: float
    cap: float | None
    power_to_detect: float | None


@dataclass(frozen=True)
class ExperimentResult:
    """The designs that the reps allow, for each number of weeks."""

    share: float
    alpha: float
    power: float
    detect: float | None
    designs: list[DesignResult]


def plan_experiment(request: ExperimentRequest) -> ExperimentResult:
    """Return what change each design can detect. Raises BadUse where there is nothing to plan from."""
    _check(request)
    designs = [design for weeks in request.weeks for design in _designs(request, weeks)]
    return ExperimentResult(request.share, request.alpha, request.power, request.detect, designs)


def _check(request: ExperimentRequest) -> None:
    if request.dataset is not None:
        return
    todo = "give it, or a dataset to take it from"
    faults = [Fault(f"--{name}", "is absent", todo) for name in NEEDED if request.given[name] is None]
    if len(request.weeks) > 1:
        faults.append(Fault("--weeks", f"{len(request.weeks)} are given", "give one; the spread belongs to it"))
    if faults:
        raise BadUse("There is nothing to plan from.", faults)


def _population(request: ExperimentRequest, weeks: int) -> Population:
    given: dict[str, Any] = {name: value for name, value in request.given.items() if value is not None}
    if request.dataset is None:
        return Population(**{"icc": 0.0, "correlation": 0.0, **given})
    population = measure_population(read_dataset(request.dataset), request.playbook, weeks)
    return replace(population, **given, cap=None if "sd" in given else population.cap)


def _designs(request: ExperimentRequest, weeks: int) -> list[DesignResult]:
    """A row for each design that the reps allow."""
    population, share = _population(request, weeks), request.share
    rows = []
    for design in DESIGNS:
        held = round(population.reps * share)
        if design == "reps" and 0 < share < 1 and min(held, population.reps - held) < 2:
            continue
        planned = plan_design(population, design, share, request.alpha, request.power)
        power = None
        if request.detect is not None:
            power = power_of(planned, request.detect * population.mean, request.alpha)
        rows.append(DesignResult(weeks=weeks, **vars(planned), **vars(population), power_to_detect=power))
    return rows
