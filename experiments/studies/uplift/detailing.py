"""Effect of rep calls on a physician's prescriptions in a public panel, compared with a naive estimate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.public_data import data_folder
from kqml.errors import CouldNot, Fault
from models.uplift.contrasts import ClusteredMean, clustered_mean
from models.uplift.learner import EffectModel
from models.uplift.sample import Codes, Floats

FILES = ("detailing/detailing_counts.csv", "detailing/detailing_demo.csv")
OBTAIN = "R package bayesm, data set `detailing` (Manchanda, Rossi & Chintagunta 2004, JMR 41(4))"
FIRST_MONTH = 4
"""Months before it only serve as history."""

ACTIONS = ("none", "one_or_two", "three_or_more")


@dataclass(frozen=True)
class Panel:
    """Rows by physician and month. `history`: features known before the month."""

    physician: Codes
    month: Codes
    scripts: Floats
    calls: Floats
    history: pd.DataFrame


def read_panel() -> Panel:
    """Return the panel from KQML_DATA_DIR. Raises CouldNot with where to obtain it."""
    paths = [data_folder() / name for name in FILES]
    absent = [Fault(str(path), "is absent", f"obtain it: {OBTAIN}") for path in paths if not path.is_file()]
    if absent:
        raise CouldNot("The detailing panel is not here.", absent)
    counts, traits = (pd.read_csv(path) for path in paths)
    frame = counts.merge(traits, on="id").sort_values(["id", "month"], ignore_index=True)
    by = frame.groupby("id")
    history: dict[str, Any] = {}
    for name in ("scripts", "detailing"):
        before = by[name].shift(1)
        history[f"{name}_last"] = before
        history[f"{name}_last3"] = before.groupby(frame["id"]).rolling(3, min_periods=1).mean().to_numpy()
        history[f"{name}_mean"] = before.groupby(frame["id"]).expanding().mean().to_numpy()
    described = pd.DataFrame(history).join(frame[["generalphys", "specialist", "mean_samples", "month"]])
    retained = (frame["month"] >= FIRST_MONTH).to_numpy()
    return Panel(
        frame["id"].to_numpy(dtype=np.int64)[retained],
        frame["month"].to_numpy(dtype=np.int64)[retained],
        frame["scripts"].to_numpy(dtype=np.float64)[retained],
        frame["detailing"].to_numpy(dtype=np.float64)[retained],
        described[retained].reset_index(drop=True),
    )


def study(panel: Panel) -> dict[str, Any]:
    """Estimate new prescriptions per further call in four ways, then the effect by number of calls with its caveats."""
    within = _within(panel.calls, panel), _within(panel.scripts, panel)
    ahead = _within(_next_calls(panel), panel)
    known = np.isfinite(ahead)
    rows = {
        "naive": _slope(panel.calls - panel.calls.mean(), panel.scripts - panel.scripts.mean(), panel.physician),
        "within_physician": _slope(*within, panel.physician),
        "next_months_calls": _slope(ahead[known], within[1][known], panel.physician[known]),
    }
    evidence = (
        EffectModel()
        .fit(
            panel.history.to_numpy(dtype=np.float64),
            _action(panel),
            panel.scripts,
            groups=panel.physician,
            actions=ACTIONS,
        )
        .evidence
    )
    doses = {name: float(panel.calls[_action(panel) == name].mean()) for name in ACTIONS}
    learned = {
        overlap.action: {
            **_describe(evidence.effect(overlap.action)),
            "calls": doses[overlap.action],
            "supported": overlap.supported,
            "naive": _describe(_difference(panel, overlap.action)),
        }
        for overlap in evidence.overlap()
    }
    mean = float(panel.calls.mean() / panel.scripts.mean())
    return {
        "rows": len(panel.scripts),
        "physicians": len(np.unique(panel.physician)),
        "per_call": {name: {**_describe(row), "elasticity": row.value * mean} for name, row in rows.items()},
        "by_calls": learned,
        "basis": evidence.basis.value,
    }


def render(result: Mapping[str, Any]) -> list[str]:
    """Return the study as lines of text."""
    lines = [f"{result['rows']} months of {result['physicians']} physicians; basis {result['basis']}"]
    for name, row in result["per_call"].items():
        interval = f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        lines.append(f"prescriptions per call, {name}: {interval}, elasticity {row['elasticity']:.3f}")
    for name, row in result["by_calls"].items():
        ours, naive = (
            f"{estimate['value']:.2f} ({estimate['low']:.2f} to {estimate['high']:.2f})"
            for estimate in (row, row["naive"])
        )
        lines.append(f"{name} ({row['calls']:.1f} calls) against none: {ours}, naive {naive}")
    return lines


def _action(panel: Panel) -> Any:
    return np.array(ACTIONS)[np.digitize(panel.calls, [0.5, 2.5])]


def _difference(panel: Panel, action: str) -> ClusteredMean:
    """Return the mean of months with so many calls less that of months without, by physician."""
    chosen = _action(panel)
    treated, untreated = (
        clustered_mean(panel.scripts[chosen == a], panel.physician[chosen == a]) for a in (action, ACTIONS[0])
    )
    return ClusteredMean(
        treated.value - untreated.value, float(np.hypot(treated.error, untreated.error)), treated.degrees, treated.rows
    )


def _within(values: Floats, panel: Panel) -> Floats:
    """Subtract the physician's mean, then the month's mean (two-way fixed effects)."""
    series = pd.Series(values)
    own = series - series.groupby(panel.physician).transform("mean")
    return np.asarray((own - own.groupby(panel.month).transform("mean")).to_numpy(), dtype=np.float64)


def _next_calls(panel: Panel) -> Floats:
    return np.asarray(pd.Series(panel.calls).groupby(panel.physician).shift(-1).to_numpy(), dtype=np.float64)


def _slope(x: Floats, y: Floats, physician: Codes) -> ClusteredMean:
    """Return the least-squares slope through the origin, with errors clustered by physician."""
    strength = float(np.sum(x**2))
    slope = float(np.sum(x * y)) / strength
    scores = clustered_mean(x * (y - slope * x) * len(x) / strength, physician)
    return ClusteredMean(slope, scores.error, scores.degrees, len(x))


def _describe(estimate: ClusteredMean) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
