"""The query of `GET /v1/duties`: filters, week, page."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serve.http.cursors import PAGE_DEFAULT, PAGE_LIMIT
from serve.http.fields import Identifier, Instant
from serve.http.instants import parse_past_instant
from serve.http.weeks import WEEK

REPS_PER_QUESTION = 20
ACCOUNTS_PER_QUESTION = 100


class DutyQuery(BaseModel):
    """Several values of a filter match any of them; several filters must all match."""

    model_config = ConfigDict(extra="forbid")

    rep: list[Identifier] = Field([], max_length=REPS_PER_QUESTION, description="The owner's id.")
    account: list[Identifier] = Field([], max_length=ACCOUNTS_PER_QUESTION)
    week: str | None = Field(None, pattern=WEEK, description="ISO week such as 2024-W07. Default: the present one.")
    as_of: Instant | None = Field(None, description="Use only what was known before this time. Default: now.")
    state: list[Literal["due", "done", "overdue", "waived"]] = Field([], max_length=4)
    must: bool | None = Field(None, description="Only required duties, or only others.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_LIMIT, description="Maximum number of items.")
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the previous page.")

    @property
    def sort_key(self) -> tuple[object, ...]:
        """What a cursor belongs to: all filters."""
        return (
            "duties",
            self.week,
            self.as_of,
            *(tuple(getattr(self, name)) for name in ("rep", "account", "state")),
            self.must,
        )

    def instant(self, now: int) -> int:
        """Return the instant asked about: `as_of`, else now. Raises ProblemError where it is none or has not come."""
        at = parse_past_instant(self.as_of, "as_of", now)
        return now if at is None else at

    @property
    def of_accounts(self) -> dict[str, list[str]]:
        """The filters on accounts that were given."""
        return {name: getattr(self, name) for name in ("account", "rep") if getattr(self, name)}
