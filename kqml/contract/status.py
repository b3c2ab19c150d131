"""How the service is, which model answers, as the API says it."""

from typing import Literal

from typing_extensions import TypedDict

from kqml.contract.fields import ModelGrade
from kqml.contract.scores import ModelRef


class Health(TypedDict):
    """The process is alive."""

    status: Literal["ok"]


class Readiness(TypedDict):
    """Scores can be asked for; warnings say what is not as it should be."""

    status: Literal["ready"]
    model: ModelRef
    warnings: list[str]


class Definition(TypedDict):
    """What churned means here, in days; see the churn definition in the documentation."""

    horizon: int
    gap: int
    min_orders: int
    active_within: int


class Bands(TypedDict):
    """`raised`, `high`: multiples of the base rate; `stopped`: a probability, for accounts already silent."""

    raised: float
    high: float
    stopped: float


class ModelFacts(TypedDict):
    """Since when a model answers, what it was made for. `base_rate`: the churn rate of the training rows."""

    since: str | None
    trained_at: str
    fingerprint: str
    definition: Definition
    base_rate: float
    bands: Bands
    features: int
    catalog_fingerprint: str
    dataset_fingerprint: str
    time_zone: str


class ModelCard(ModelFacts):
    """The model that answers."""

    version: str
    grade: ModelGrade
