"""The parts of a policy's evaluation as results hold them."""

from typing import Annotated, NotRequired

from annotated_types import Interval
from typing_extensions import TypedDict

from kqml.contract.fields import Count, NumberOrNaN, Probability, SchemaKeyword
from models.uplift.contrasts import MeanColumns

NonNegative = Annotated[float, Interval(ge=0)]


class SupportColumns(TypedDict):
    """The support of a target in the log; fields as `models.evaluation.off_policy.support.PolicySupport`."""

    rows: Count
    used_rows: Count
    effective_rows: NonNegative
    mean_weight: float
    largest_weight: float
    unsupported_share: Probability


class EstimateColumns(TypedDict):
    """An estimate with its interval and standard error; NaN where it has no value."""

    value: NumberOrNaN
    low: NumberOrNaN
    high: NumberOrNaN
    error: NumberOrNaN


class EstimatorColumns(TypedDict):
    """The value of a policy by each estimator."""

    ips: EstimateColumns
    snips: EstimateColumns
    doubly_robust: EstimateColumns
    switch_dr: EstimateColumns


class DifferenceColumns(EstimatorColumns):
    """The difference of two policies by each estimator; `pooled`: across account sizes, for amounts."""

    pooled: NotRequired[EstimateColumns]


class DisagreementColumns(EstimateColumns):
    """The pooled difference less the doubly robust one. `beyond_chance`: whether they disagree by more than chance."""

    p_value: Probability
    beyond_chance: bool


class ContrastColumns(TypedDict):
    """Accounts held out against the others."""

    accounts: Count
    held_out: Count
    effect: EstimateColumns
    minutes: EstimateColumns
    equal_hours: bool


class ActionEffectColumns(TypedDict):
    """The effect of assigning an action, how often it was carried out, the effect where it was."""

    action: str
    assigned: MeanColumns
    uptake: MeanColumns | None
    complier: MeanColumns | None


class FaultColumns(TypedDict):
    """A fault of the log: where it stands, what it is, what to do about it."""

    where: str
    what: str
    todo: str


class LogCheckColumns(TypedDict):
    """The numbers of rows by possible use, and the faults that prevent learning effects."""

    basis: Annotated[str, SchemaKeyword("enum", ("randomised", "observational"))]
    mature_rows: Count
    learnable_rows: Count
    randomised_rows: Count
    censored_share: Probability
    warnings: list[FaultColumns]
