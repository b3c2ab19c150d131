"""What `GET /v1/duties` is asked: filters, week, page."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serve.http.cursors import PAGE_DEFAULT, PAGE_LIMIT
from serve.http.fields import Identifier
from serve.http.weeks import WEEK

REPS_PER_QUESTION = 20
ACCOUNTS_PER_QUESTION = 100


class DutyQuery(BaseModel):
    """Several values of a filter mean any of them; several filters mean all of them."""

    model_config = ConfigDict(extra="forbid")

    rep: list[Identifier] = Field([], max_length=REPS_PER_QUESTION, description="The owner's id.")
    account: list[Identifier] = Field([], max_length=ACCOUNTS_PER_QUESTION)
    week: str | None = Field(None, pattern=WEEK, description="ISO week such as 2024-W07. Default: the present one.")
    state: list[Literal["due", "done", "overdue", "waived"]] = Field([], max_length=4)
    must: bool | None = Field(None, description="Whether it cannot wait for the next week.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_LIMIT, description="How many at most.")
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the page before.")

    @property
    def place(self) -> tuple[object, ...]:
        """What a cursor belongs to."""
        return ("duties", self.week, *(tuple(getattr(self, name)) for name in ("rep", "account", "state")), self.must)

    @property
    def of_accounts(self) -> dict[str, list[str]]:
        """The filters on accounts that were given."""
        return {name: getattr(self, name) for name in ("account", "rep") if getattr(self, name)}
