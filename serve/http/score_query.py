"""The query of `GET /v1/scores`: filters, order, page."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kqml.bands import Band
from serve.http.cursors import PAGE_DEFAULT, PAGE_LIMIT
from serve.http.fields import Identifier, Instant, Word

VALUES_PER_FILTER = 100


class ScoreFilters(BaseModel):
    """Which scores, in which language. Several values of a filter match any of them; several filters must all match."""

    model_config = ConfigDict(extra="forbid")

    account: list[Identifier] = Field([], max_length=VALUES_PER_FILTER, description="Ids of accounts.")
    rep: list[Word] = Field([], max_length=VALUES_PER_FILTER, description="The owner's id.")
    tier: list[Literal["A", "B", "C"]] = Field([], max_length=VALUES_PER_FILTER)
    segment: list[Word] = Field([], max_length=VALUES_PER_FILTER)
    region: list[Word] = Field([], max_length=VALUES_PER_FILTER)
    band: list[Band] = Field([], max_length=VALUES_PER_FILTER)
    language: Literal["zh", "en"] | None = Field(None, description="Language of the texts. Default: the service's.")

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters given, by name."""
        names = ("account", "rep", "tier", "segment", "region", "band")
        return {name: tuple(getattr(self, name)) for name in names if getattr(self, name)}


class ScoreQuery(ScoreFilters):
    """A page of scores."""

    changed_since: Instant | None = Field(None, description="Only scores stored at this time or later.")
    sort: Literal["scored_at", "-scored_at"] = Field("scored_at", description="A minus sorts in descending order.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_LIMIT, description="Maximum number of items.")
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the previous page.")

    @property
    def sort_key(self) -> tuple[object, ...]:
        """What a cursor belongs to: the order and the filters."""
        return ("scores", self.sort, self.changed_since, sorted(self.filters.items()))
