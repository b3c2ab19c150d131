"""A trial's answer as a plain mapping, with its sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kqml.messages import text
from models.evaluation.trials.cross_fitting import Judged, judge
from models.evaluation.trials.encoding import encode
from models.evaluation.trials.leaking_columns import Suspicion, suspicions
from models.evaluation.trials.trial_file import Trial
from models.evaluation.trials.uplift_curve import Ranked, bounds, rank_arm
from models.evaluation.trials.verdict import Values, Verdict, decide, value_policies
from models.uplift.contrasts import Estimate


@dataclass(frozen=True)
class TrialAnswer:
    """Everything a trial says. `ranked`: for every arm but the control."""

    trial: Trial
    judged: Judged
    values: Values
    verdict: Verdict
    ranked: tuple[Ranked, ...]
    suspicions: tuple[Suspicion, ...]
    columns: tuple[str, ...]
    left_out: tuple[str, ...]


def evaluate_trial(trial: Trial, seed: int = 0) -> TrialAnswer:
    """Learns, judges each row by what others taught, decides."""
    encoded = encode(trial.columns)
    judged = judge(trial, encoded.values, seed)
    effects = judged.scores - judged.scores[:, :1]
    ranked = tuple(
        rank_arm(effects[:, code], judged.predicted[:, code], judged.fold) for code in range(1, len(trial.arms))
    )
    values = value_policies(judged)
    found = tuple(suspicions(trial))
    return TrialAnswer(trial, judged, values, decide(values), ranked, found, encoded.used, encoded.left_out)


def answer_json(answer: TrialAnswer, language: str) -> dict[str, Any]:
    """The command's JSON."""
    arms, values = answer.trial.arms, answer.values
    chosen = np.bincount(answer.judged.chosen, minlength=len(arms)) / len(answer.trial)
    count = values.comparisons
    return {
        "rows": len(answer.trial),
        "arms": dict(zip(arms, np.bincount(answer.trial.arm, minlength=len(arms)).tolist(), strict=True)),
        "control": arms[0],
        "static": {arm: _interval(one) for arm, one in zip(arms, values.static, strict=True)},
        "personalised": {**_interval(values.personalised), "shares": dict(zip(arms, chosen.tolist(), strict=True))},
        "gains": {
            **{arm: _interval(one, count) for arm, one in zip(arms[1:], values.gains, strict=True)},
        },
        "personalised_gain": _interval(values.personalised_gain, count),
        "best": arms[values.best],
        "beyond_best": _interval(values.beyond),
        "qini": {arm: _interval(one.qini, count - 1) for arm, one in zip(arms[1:], answer.ranked, strict=True)},
        "auuc": {arm: _interval(one.auuc, count - 1) for arm, one in zip(arms[1:], answer.ranked, strict=True)},
        "bins": {arm: [_bin(part) for part in one.bins] for arm, one in zip(arms[1:], answer.ranked, strict=True)},
        "verdict": answer.verdict.value,
        "reason": reason(answer, language),
        "warnings": warnings(answer.suspicions, language),
        "columns": list(answer.columns),
        "left_out": list(answer.left_out),
    }


def reason(answer: TrialAnswer, language: str) -> str:
    """One plain sentence on whether personalising is worth it."""
    arms, values = answer.trial.arms, answer.values
    low, high = values.beyond.bounds()
    gain = max((*values.gains, values.personalised_gain), key=lambda one: one.value if one.error else -np.inf)
    same = answer.verdict is Verdict.BEST_ARM and bool((answer.judged.chosen == values.best).all())
    return text(
        f"trials.reason.{'same_arm' if same else answer.verdict.value}",
        language,
        control=arms[0],
        arm=arms[values.best],
        value=short(values.static[values.best].value),
        nothing=short(values.static[0].value),
        personalised=short(values.personalised.value),
        beyond=short(values.beyond.value),
        low=short(low),
        high=short(high),
        gain=short(gain.value),
        gain_low=short(bounds(gain, values.comparisons)[0]),
    )


def warnings(found: Sequence[Suspicion], language: str) -> list[dict[str, Any]]:
    """One for each column that looks like an outcome."""
    return [
        {
            "column": one.column,
            "code": one.code,
            "number": one.number,
            "text": text(f"trials.warning.{one.code}", language, column=one.column, number=short(one.number)),
        }
        for one in found
    ]


def short(number: float) -> str:
    """Three significant digits, without exponents for what people read."""
    return f"{number:.3g}" if abs(number) < 1e5 else f"{number:,.0f}"


def _interval(estimate: Estimate, comparisons: int = 1) -> dict[str, float]:
    low, high = bounds(estimate, comparisons)
    return {"value": estimate.value, "low": low, "high": high}


def _bin(part: Any) -> Mapping[str, float]:
    return {"rows": part.estimate.rows, "predicted": part.predicted, **_interval(part.estimate)}
