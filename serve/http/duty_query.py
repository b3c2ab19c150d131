"""The query of `GET /v1/duties`: filters, week, page."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kqml.history.builders import read_instant
from serve.http.cursors import PAGE_DEFAULT, PAGE_LIMIT
from serve.http.fields import Identifier, Instant
from serve.http.problems import ProblemError, ProblemItem, invalid_request
from serve.http.weeks import WEEK

REPS_PER_QUESTION = 20
ACCOUNTS_PER_QUESTION = 100
EARLIEST = 946_684_800_000_000
"""2000-01-01 UTC: no data of the service are older."""


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
        try:
            at = now if self.as_of is None else read_instant(self.as_of)
        except ValueError:
            raise _faulty("names a day that its month does not have") from None
        if not EARLIEST <= at <= now:
            raise _faulty("is not between the year 2000 and now")
        return at

    @property
    def of_accounts(self) -> dict[str, list[str]]:
        """The filters on accounts that were given."""
        return {name: getattr(self, name) for name in ("account", "rep") if getattr(self, name)}


def _faulty(detail: str) -> ProblemError:
    return invalid_request([ProblemItem("", detail, "as_of")])
