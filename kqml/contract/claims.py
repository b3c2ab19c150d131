"""Money that is claimed, and the evidence for it."""

from typing import Literal

from typing_extensions import TypedDict

from kqml.contract.fields import Count


class ClaimedMoney(TypedDict):
    """An amount over the horizon, against waiting, with its 95 % interval and the evidence behind it."""

    value: float
    low: float
    high: float
    basis: Literal["randomised"]


class ExpectedMoney(TypedDict):
    """An expected loss over the horizon with the 95 % interval of chance alone, were the churn probabilities right."""

    value: float
    low: float
    high: float
    basis: Literal["churn_probability"]


class PlanEvidence(TypedDict):
    """What a plan ranks by and why. `code`: `learned` where its net value is claimed, else why not. `rows`: randomised
    decisions with mature outcomes. `precision`: the standard error of the average effect, as a share of the margin to
    be expected. `more_weeks`: of a log like this one, until effects may be used, or until the net value can be told
    from zero; null where that does not apply."""

    code: Literal[
        "learned",
        "not_distinguishable",
        "no_gain_seen",
        "loss",
        "too_imprecise",
        "no_model",
        "no_log",
        "not_learned",
        "nothing_drawn",
        "nothing_mature",
        "too_little",
    ]
    rows: Count
    precision: float | None
    more_weeks: Count | None
