"""The query of `GET /v1/decisions`: filters, order, page."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kqml.contract.decisions import DecisionStatus
from serve.http.cursors import PAGE_DEFAULT, PAGE_LIMIT
from serve.http.fields import Identifier, Instant
from serve.http.weeks import WEEK

VALUES_PER_FILTER = 100


class DecisionQuery(BaseModel):
    """Several values of a filter match any of them; several filters must all match."""

    model_config = ConfigDict(extra="forbid")

    rep: list[Identifier] = Field([], max_length=VALUES_PER_FILTER, description="The rep of the decision.")
    account: list[Identifier] = Field([], max_length=VALUES_PER_FILTER)
    week: list[Annotated[str, Field(pattern=WEEK)]] = Field(
        [], max_length=VALUES_PER_FILTER, description="ISO weeks such as 2024-W07."
    )
    state: list[DecisionStatus] = Field([], max_length=VALUES_PER_FILTER, description="The latest state.")
    changed_since: Instant | None = Field(
        None, description="Only decisions that were stored, or whose latest state was reported, at this time or later."
    )
    sort: Literal["changed_at", "-changed_at"] = Field("changed_at", description="A minus sorts in descending order.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_LIMIT, description="Maximum number of items.")
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the previous page.")

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters given, by name."""
        names = ("rep", "account", "week", "state")
        return {name: tuple(getattr(self, name)) for name in names if getattr(self, name)}

    @property
    def sort_key(self) -> tuple[object, ...]:
        """What a cursor belongs to: the order and the filters."""
        return ("decisions", self.sort, self.changed_since, sorted(self.filters.items()))
