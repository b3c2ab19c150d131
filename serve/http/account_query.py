"""The query of `GET /v1/accounts`: filters, order, page."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kqml.bands import Band
from serve.http.cursors import PAGE_DEFAULT, PAGE_LIMIT
from serve.http.fields import Identifier, Instant, Word

Sort = Literal[
    "-churn_probability",
    "churn_probability",
    "-value_at_risk",
    "value_at_risk",
    "-emotional_balance",
    "emotional_balance",
    "name",
    "-name",
    "account_id",
    "-account_id",
]
Grade = Literal["A", "B", "C", "D"]
VALUES_PER_FILTER = 100
FILTERS = (
    "account",
    "tier",
    "segment",
    "region",
    "rep",
    "status",
    "band",
    "level",
    "relationship_grade",
    "overall_class",
)


class AccountQuery(BaseModel):
    """Several values of a filter match any of them; several filters must all match."""

    model_config = ConfigDict(extra="forbid")

    tier: list[Literal["A", "B", "C"]] = Field([], max_length=VALUES_PER_FILTER)
    segment: list[Word] = Field([], max_length=VALUES_PER_FILTER)
    region: list[Word] = Field([], max_length=VALUES_PER_FILTER)
    rep: list[Word] = Field([], max_length=VALUES_PER_FILTER, description="The owner's id.")
    account: list[Identifier] = Field([], max_length=VALUES_PER_FILTER, description="Ids of accounts.")
    band: list[Band] = Field([], max_length=VALUES_PER_FILTER, description="Band of the newest stored score.")
    status: list[Literal["active", "suspended", "closed", "transferred"]] = Field([], max_length=VALUES_PER_FILTER)
    level: list[Literal["none", "basic", "middle", "high"]] = Field(
        [], max_length=VALUES_PER_FILTER, description="Depth of the relationship."
    )
    relationship_grade: list[Grade] = Field([], max_length=VALUES_PER_FILTER)
    overall_class: list[Grade] = Field([], max_length=VALUES_PER_FILTER)
    probability_from: float | None = Field(None, ge=0, le=1, description="Least churn probability.")
    value_at_risk_from: float | None = Field(None, ge=0, le=1e15, description="Least value at risk.")
    search: Word | None = Field(None, description="A part of the name or of the id, in upper or lower case.")
    changed_since: Instant | None = Field(
        None, description="Only accounts that were put in, changed or scored at this time or later."
    )
    language: Literal["zh", "en"] | None = Field(None, description="Language of reasons. Default: the service's.")
    sort: Sort = Field("-churn_probability", description="A minus sorts in descending order.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_LIMIT, description="Maximum number of items.")
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the previous page.")

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters given, by name."""
        return {name: tuple(getattr(self, name)) for name in FILTERS if getattr(self, name)}

    @property
    def thresholds(self) -> dict[str, float]:
        """The least values given, by name."""
        least = {name: getattr(self, name) for name in ("probability_from", "value_at_risk_from")}
        return {name: value for name, value in least.items() if value is not None}

    @property
    def sort_key(self) -> tuple[object, ...]:
        """What a cursor belongs to: the order and the filters."""
        more = (sorted(self.thresholds.items()), self.search, self.changed_since)
        return (self.sort, sorted(self.filters.items()), *more)
