"""A rep's portfolio in the API."""

from typing_extensions import TypedDict

from kqml.bands import Band
from kqml.contract.fields import Count, Moment, Probability


class PortfolioAccount(TypedDict):
    """One account of a rep with its risk and what is open. `churn_probability`, `band`, `value_at_risk`: of the newest
    stored score, null without one."""

    account_id: str
    name: str | None
    tier: str | None
    churn_probability: Probability | None
    band: Band | None
    value_at_risk: float | None
    promises: Count
    complaints: Count
    appointments: Count
    overdue: Count


class PortfolioTotals(TypedDict):
    """Sums over the accounts. `value_at_risk`: of the accounts that have a score; null where none has."""

    accounts: Count
    value_at_risk: float | None
    promises: Count
    complaints: Count
    appointments: Count
    overdue: Count


class Portfolio(TypedDict):
    """What a rep looks after, the largest value at risk first: what has to be handed over when the rep leaves.
    `left_on`: the day from which the rep is no longer employed, null where none is recorded."""

    rep_id: str
    as_of: Moment
    left_on: str | None
    totals: PortfolioTotals
    accounts: list[PortfolioAccount]
