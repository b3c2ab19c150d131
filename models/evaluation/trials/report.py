"""The report of a trial: evaluation, JSON and sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import TypedDict

from kqml.contract.fields import Count, NumberOrNaN, PositiveInteger, Probability
from kqml.messages import text
from kqml.messages.quantities import fixed
from models.evaluation.trials.cross_fitting import CrossFittedTrial, cross_fit_trial
from models.evaluation.trials.encoding import encode
from models.evaluation.trials.leaking_columns import LeakCode, LeakingColumn, find_leaking_columns
from models.evaluation.trials.sample_ratio import RatioBasis, SampleRatio, compare_sample_ratio
from models.evaluation.trials.trial_file import Trial
from models.evaluation.trials.uplift_curve import ArmRanking, bounds, rank_arm
from models.evaluation.trials.verdict import PolicyValues, TrialVerdict, decide, value_policies
from models.uplift.contrasts import ClusteredMean
from models.uplift.effect_evidence import EffectBin


class IntervalColumns(TypedDict):
    """A value with its interval, NaN where too few rows give one."""

    value: float
    low: NumberOrNaN
    high: NumberOrNaN


class PersonalisedColumns(IntervalColumns):
    """The value of the best arm for each row, with how many rows get which arm."""

    shares: dict[str, Probability]


class BinColumns(IntervalColumns):
    """The effect in a fifth of the rows, by the effect predicted."""

    rows: PositiveInteger
    predicted: float


class ColumnWarning(TypedDict):
    """A column that looks like an outcome."""

    column: str
    code: LeakCode
    number: float
    text: str


class RatioColumns(TypedDict):
    """The units of each arm beside the expected ones. `text`: None where they fit."""

    basis: RatioBasis
    units: dict[str, Count]
    expected: dict[str, float]
    p_value: Probability
    mismatch: bool
    text: str | None


@dataclass(frozen=True)
class TrialReport:
    """All results of a trial. `ranked`: for every arm but the control."""

    trial: Trial
    assessment: CrossFittedTrial
    values: PolicyValues
    ratio: SampleRatio
    verdict: TrialVerdict
    ranked: tuple[ArmRanking, ...]
    suspicions: tuple[LeakingColumn, ...]
    columns: tuple[str, ...]
    left_out: tuple[str, ...]


def evaluate_trial(trial: Trial, seed: int = 0) -> TrialReport:
    """Evaluate a trial: cross-fit the learner, rank arms, estimate policies, check sample ratio and leakage, decide.

    A trial whose arms do not have their stated shares is `invalid`, whatever its values.
    """
    encoded = encode(trial.columns, trial.units)
    assessment = cross_fit_trial(trial, encoded.values, seed)
    effects = assessment.scores - assessment.scores[:, :1]
    ranked = tuple(
        rank_arm(effects[:, code], assessment.predicted[:, code], assessment.fold, trial.unit)
        for code in range(1, len(trial.arms))
    )
    values, ratio = value_policies(assessment, trial.unit), compare_sample_ratio(trial)
    verdict = TrialVerdict.INVALID if ratio.mismatch else decide(values)
    result = tuple(find_leaking_columns(trial))
    return TrialReport(trial, assessment, values, ratio, verdict, ranked, result, encoded.used, encoded.left_out)


def trial_report_json(answer: TrialReport, language: str) -> dict[str, Any]:
    """Return the report as JSON values, with sentences in `language`."""
    arms, values = answer.trial.arms, answer.values
    chosen = np.bincount(answer.assessment.chosen, minlength=len(arms)) / len(answer.trial)
    count = values.comparisons
    return {
        "rows": len(answer.trial),
        "units": answer.trial.units,
        "sample_ratio": _ratio(answer, language),
        "arms": dict(zip(arms, np.bincount(answer.trial.arm, minlength=len(arms)).tolist(), strict=True)),
        "control": arms[0],
        "static": {arm: _interval(estimate) for arm, estimate in zip(arms, values.static, strict=True)},
        "personalised": {**_interval(values.personalised), "shares": dict(zip(arms, chosen.tolist(), strict=True))},
        "gains": {
            **{arm: _interval(gain, count) for arm, gain in zip(arms[1:], values.gains, strict=True)},
        },
        "personalised_gain": _interval(values.personalised_gain, count),
        "best": arms[values.best],
        "beyond_best": _interval(values.beyond),
        "qini": {arm: _interval(ranking.qini, count - 1) for arm, ranking in zip(arms[1:], answer.ranked, strict=True)},
        "auuc": {arm: _interval(ranking.auuc, count - 1) for arm, ranking in zip(arms[1:], answer.ranked, strict=True)},
        "bins": {
            arm: [_bin(bin_) for bin_ in ranking.bins] for arm, ranking in zip(arms[1:], answer.ranked, strict=True)
        },
        "verdict": answer.verdict.value,
        "reason": reason(answer, language),
        "warnings": warnings(answer.suspicions, language),
        "columns": list(answer.columns),
        "left_out": list(answer.left_out),
    }


def reason(answer: TrialReport, language: str) -> str:
    """Return one sentence on whether personalising is worth it, or why the trial cannot be used."""
    if answer.verdict is TrialVerdict.INVALID:
        return ratio_text(answer.ratio, answer.trial.arms, language)
    arms, values = answer.trial.arms, answer.values
    low, high = values.beyond.bounds()
    gain = max(
        (*values.gains, values.personalised_gain), key=lambda estimate: estimate.value if estimate.error else -np.inf
    )
    same = answer.verdict is TrialVerdict.BEST_ARM and bool((answer.assessment.chosen == values.best).all())
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


def warnings(suspicions: Sequence[LeakingColumn], language: str) -> list[ColumnWarning]:
    """Return one warning for each suspicious column."""
    return [
        ColumnWarning(
            column=column.column,
            code=column.code,
            number=column.number,
            text=text(f"trials.warning.{column.code}", language, column=column.column, number=short(column.number)),
        )
        for column in suspicions
    ]


def ratio_text(ratio: SampleRatio, arms: Sequence[str], language: str) -> str:
    """Return one sentence on arms that do not have their shares."""
    return text(
        f"trials.sample_ratio.{'mismatch' if ratio.mismatch else 'not_equal'}",
        language,
        arm=arms[ratio.worst],
        units=ratio.units[ratio.worst],
        total=sum(ratio.units),
        expected=round(ratio.expected[ratio.worst]),
        p_value=f"{ratio.p_value:.1g}",
        counts=", ".join(f"{arm} {count}" for arm, count in zip(arms, ratio.units, strict=True)),
    )


def _ratio(answer: TrialReport, language: str) -> RatioColumns:
    ratio, arms = answer.ratio, answer.trial.arms
    return RatioColumns(
        basis=ratio.basis,
        units=dict(zip(arms, ratio.units, strict=True)),
        expected=dict(zip(arms, ratio.expected, strict=True)),
        p_value=ratio.p_value,
        mismatch=ratio.mismatch,
        text=ratio_text(ratio, arms, language) if ratio.differs else None,
    )


def short(number: float) -> str:
    """Format a number with three significant digits; large ones without an exponent."""
    return fixed(number, ".3g" if abs(number) < 1e5 else ",.0f")


def _interval(estimate: ClusteredMean, comparisons: int = 1) -> IntervalColumns:
    low, high = bounds(estimate, comparisons)
    return IntervalColumns(value=estimate.value, low=low, high=high)


def _bin(bin_: EffectBin) -> BinColumns:
    return BinColumns(rows=bin_.estimate.rows, predicted=bin_.predicted, **_interval(bin_.estimate))
