"""The rows of metrics as results hold them; a bound or metric without a value is NaN, printed as null."""

from typing import Annotated, Required

from typing_extensions import TypedDict

from kqml.contract.fields import Count, NumberOrNaN, SchemaKeyword

GroupName = Annotated[str, SchemaKeyword("enum", ("all", "silent", "ordering"))]
"""All rows, those already silent for longer than one own cycle, those still ordering."""


class ChurnCounts(TypedDict):
    """How many rows, how many of them churned."""

    rows: Count
    churned: Count


class AccountCounts(ChurnCounts):
    """The rows with their distinct accounts."""

    accounts: Count
    churned_accounts: Count


class RankingColumns(TypedDict):
    """Metrics of the order alone, each with the bounds of its 95 % interval."""

    auc: NumberOrNaN
    auc_low: NumberOrNaN
    auc_high: NumberOrNaN
    average_precision: NumberOrNaN
    ap_low: NumberOrNaN
    ap_high: NumberOrNaN
    lift_at_10: NumberOrNaN
    lift_low: NumberOrNaN
    lift_high: NumberOrNaN


class ProbabilityColumns(RankingColumns):
    """The metrics of scores that are probabilities."""

    brier: NumberOrNaN
    brier_low: NumberOrNaN
    brier_high: NumberOrNaN
    expected_over_observed: NumberOrNaN
    eo_low: NumberOrNaN
    eo_high: NumberOrNaN
    slope: NumberOrNaN
    slope_low: NumberOrNaN
    slope_high: NumberOrNaN


class ModelColumns(AccountCounts, total=False):
    """A model on a group of rows. `d_*`: the model less the reference; `lead_*`: ours less the model."""

    group: Required[GroupName]
    model: Required[str]
    d_auc: NumberOrNaN
    d_auc_low: NumberOrNaN
    d_auc_high: NumberOrNaN
    d_ap: NumberOrNaN
    d_ap_low: NumberOrNaN
    d_ap_high: NumberOrNaN
    lead_auc: NumberOrNaN
    lead_auc_low: NumberOrNaN
    lead_auc_high: NumberOrNaN
    lead_ap: NumberOrNaN
    lead_ap_low: NumberOrNaN
    lead_ap_high: NumberOrNaN


class RankedModel(ModelColumns, RankingColumns):
    """A model whose scores only rank."""


class CalibratedModel(ModelColumns, ProbabilityColumns):
    """A model whose scores are probabilities."""


class SliceMetrics(AccountCounts, ProbabilityColumns):
    """Our metrics on the rows of a quarter, tier, segment or region."""

    slice: Annotated[str, SchemaKeyword("enum", ("quarter", "tier", "segment", "region"))]
    value: str


class GapMetrics(ChurnCounts, RankingColumns):
    """Our metrics under another gap."""

    gap: Count
    group: GroupName


class CensoredMetrics(ChurnCounts, ProbabilityColumns):
    """Our metrics with the censored rows counted as churned."""
