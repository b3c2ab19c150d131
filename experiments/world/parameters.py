"""A world's parameters: drawn from stated ranges by its seed, with the hash of all that was fixed beforehand."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import resources
from typing import Annotated, Any

import numpy as np

from experiments.world.draws import Draws, named
from kqml.contract.fields import SchemaKeyword
from kqml.playbook import Playbook

FITS = ("stores", "vendor")
"""The fitted marginals that are committed: all of the wholesaler's goods, or one vendor's among competitors."""

FitName = Annotated[str, SchemaKeyword("enum", FITS)]


@dataclass(frozen=True)
class WorldEffects:
    """The drawn parameters; their meaning and source stand in `effects.toml`. The first three are the fit's."""

    base_hazard: float
    drift_spread: float
    drift_weeks: float
    closeness_half_life: float
    closeness_gain: float
    closeness_brake: float
    new_rep_boost: float
    rep_loss: float
    rep_left_jump: float
    dose_message: float
    dose_call: float
    dose_help: float
    dose_two: float
    satisfaction_pull: float
    satisfaction_noise: float
    closeness_weight: float
    rate_weight: float
    size_weight: float
    hazard_weight: float
    failure_jump: float
    complaint_jump: float
    resolution_jump: float
    promise_jump: float
    problem_help: float
    plain_help: float
    courting_drag: float
    courting_hazard: float
    complaint_hazard: float
    grievance_hazard: float
    cash_hazard: float
    stuffing_jump: float
    price_jump: float
    over_contact: float
    waking_hazard: float


@dataclass(frozen=True)
class FittedMarginals:
    """Numbers fitted to real orders. Tables hold a trait's values at equally spaced chances; `correlation` joins
    the traits in the order of TRAITS; `season` is by month; the log of an account's own rate drifts with a standard
    deviation of `drift_spread`, forgotten over `drift_weeks`; `base_hazard` is a week's quiet churn at s = 0."""

    order_rate: tuple[float, ...]
    order_size: tuple[float, ...]
    gap_spread: tuple[float, ...]
    size_spread: tuple[float, ...]
    correlation: tuple[tuple[float, ...], ...]
    season: tuple[float, ...]
    second_day: float
    off_route: float
    drift_spread: float
    drift_weeks: float
    base_hazard: float


TRAITS = ("order_rate", "order_size", "gap_spread", "size_spread")
OF_THE_FIT = ("base_hazard", "drift_spread", "drift_weeks")


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("experiments.world") / name).read_text(encoding="utf-8"))


def read_fitted(name: str) -> FittedMarginals:
    """The committed fit called `name`, one of FITS."""
    numbers = _toml(f"fitted_{name}.toml")
    return FittedMarginals(
        order_rate=tuple(numbers["tables"]["order_rate"]),
        order_size=tuple(numbers["tables"]["order_size"]),
        gap_spread=tuple(numbers["tables"]["gap_spread"]),
        size_spread=tuple(numbers["tables"]["size_spread"]),
        correlation=tuple(tuple(row) for row in numbers["correlation"]),
        season=tuple(numbers["season"]),
        second_day=float(numbers["second_day"]),
        off_route=float(numbers["off_route"]),
        drift_spread=float(numbers["drift_spread"]),
        drift_weeks=float(numbers["drift_weeks"]),
        base_hazard=float(numbers["base_hazard"]),
    )


def evidence() -> Mapping[str, Mapping[str, Any]]:
    """The published findings that anchor the effects."""
    result: Mapping[str, Mapping[str, Any]] = _toml("effects.toml")["evidence"]
    return result


def draw_effects(seed: int, fitted: FittedMarginals, *, middle: bool = False) -> WorldEffects:
    """The parameters of the world with this seed; `middle` gives the middle of every range instead."""
    ranges: Mapping[str, list[float]] = _toml("effects.toml")["ranges"]
    draws = Draws.of(seed, "world", np.zeros(1, dtype=np.int64))
    randomised = {name: float(getattr(fitted, name)) for name in OF_THE_FIT}
    for name in (field.name for field in fields(WorldEffects) if field.name in ranges):
        low, high = ranges[name]
        share = 0.5 if middle else float(draws.uniform("effect", index=named(name) >> 33)[0])
        randomised[name] = low + (high - low) * share
    return WorldEffects(**randomised)


def world_hash(fit: str, playbook: Playbook) -> str:
    """sha256, shortened, of everything fixed before any learner is run: ranges, version, fitted numbers, what of the
    playbook the world lives by."""
    rollout = {
        # Under its first name: another key would change the hash of every world measured so far.
        "packages": [asdict(action) for action in playbook.actions],
        "rep": asdict(playbook.rep),
        "margin_rate": dict(playbook.margin_rate),
    }
    fixed = {"effects": _toml("effects.toml"), "fitted": _toml(f"fitted_{fit}.toml"), "playbook": rollout}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True, default=sorted).encode()).hexdigest()[:16]
