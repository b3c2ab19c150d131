"""The query of `GET /v1/accounts`: filters, order, page."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kqml.bands import Band
from serve.http.cursors import PAGE_DEFAULT, PAGE_LIMIT
from serve.http.fields import Word

Sort = Literal[
    "-churn_probability",
    "churn_probability",
    "-value_at_risk",
    "value_at_risk",
    "name",
    "-name",
    "account_id",
    "-account_id",
]
VALUES_PER_FILTER = 100


class AccountQuery(BaseModel):
    """Several values of a filter match any of them; several filters must all match."""

    model_config = ConfigDict(extra="forbid")

    tier: list[Literal["A", "B", "C"]] = Field([], max_length=VALUES_PER_FILTER)
    segment: list[Word] = Field([], max_length=VALUES_PER_FILTER)
    region: list[Word] = Field([], max_length=VALUES_PER_FILTER)
    rep: list[Word] = Field([], max_length=VALUES_PER_FILTER, description="The owner's id.")
    band: list[Band] = Field([], max_length=VALUES_PER_FILTER, description="Band of the newest stored score.")
    status: list[Literal["active", "suspended", "closed", "transferred"]] = Field([], max_length=VALUES_PER_FILTER)
    sort: Sort = Field("-churn_probability", description="A minus sorts in descending order.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_LIMIT, description="Maximum number of items.")
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the previous page.")

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters given, by name."""
        names = ("tier", "segment", "region", "rep", "band", "status")
        return {name: tuple(getattr(self, name)) for name in names if getattr(self, name)}

    @property
    def sort_key(self) -> tuple[object, ...]:
        """What a cursor belongs to: the order and the filters."""
        return (self.sort, sorted(self.filters.items()))
