"""Bodies of scoring, and the schemas that other bodies share."""

from typing import Annotated, Literal, Required

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from typing_extensions import TypedDict

from kqml.contract.histories import AccountToScore
from kqml.dataset.tables import STATUSES, TIERS
from kqml.events import KIND_OF_CODE
from serve.http.any_json import numbers_that_all_can_read
from serve.http.fields import Day, Identifier, Instant, OneOf, Whole, Word, within

ACCOUNTS_PER_REQUEST = 1_000
EVENTS_PER_ACCOUNT = 10_000
REASONS_PER_ACCOUNT = 10

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

Attributes = Annotated[dict[str, JsonValue], Field(max_length=50), AfterValidator(numbers_that_all_can_read)]
"""Whatever else is known, under names of the sender's."""


class EventFacts(TypedDict, total=False):
    """The fields of an event besides its id and its account; null is the same as absent."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    occurred_at: Required[Instant]
    known_at: Instant | None
    kind: Required[Annotated[str, OneOf(tuple(KIND_OF_CODE))]]
    amount: Annotated[float, within("amount")] | None
    quantity: Annotated[float, within("quantity")] | None
    lines: Annotated[float, within("lines")] | None
    minutes: Annotated[float, within("minutes")] | None
    sentiment: Annotated[float, within("sentiment")] | None
    rep_id: Identifier | None
    contact_id: Identifier | None
    channel: Word | None
    due_at: Instant | None
    ref: Identifier | None
    authenticity: Annotated[float, within("authenticity")] | None
    attributes: Attributes | None


class EventIn(EventFacts, total=False):
    """One event of the account that contains it."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    event_id: Identifier | None
    account_id: Identifier | None


class ProfileIn(TypedDict, total=False):
    """The present data of the account; null is the same as absent."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    name: Word | None
    tier: Annotated[str, OneOf(TIERS)] | None
    segment: Word | None
    region: Word | None
    owner_rep_id: Identifier | None
    opened_on: Day | None
    status: Annotated[str, OneOf(STATUSES)] | None
    status_since: Day | None
    credit_grade: Word | None


class AccountIn(BaseModel):
    """One account: with its whole history, in any order, or only its id to use the stored history."""

    model_config = STRICT

    account_id: Identifier
    account: ProfileIn | None = None
    events: Annotated[list[EventIn], Field(max_length=EVENTS_PER_ACCOUNT)] | None = None


class ScoreRequest(BaseModel):
    """The accounts to score, the cutoff, the language."""

    model_config = STRICT

    as_of: Instant | None = Field(None, description="The cutoff: only what was known before it counts. Default: now.")
    language: Literal["zh", "en"] | None = Field(None, description="Of the reasons. Default: the service's.")
    reasons: Annotated[int, Whole(0, REASONS_PER_ACCOUNT)] = Field(3, description="Reasons per account. Default: 3.")
    accounts: Annotated[list[AccountIn], Field(min_length=1, max_length=ACCOUNTS_PER_REQUEST)]

    @property
    def accounts_to_score(self) -> list[AccountToScore]:
        """The accounts as the use case takes them."""
        return [AccountToScore(item.account_id, item.account, item.events) for item in self.accounts]


class ItemProblem(BaseModel):
    """One faulty item of the body, the address or the headers."""

    pointer: str | None = Field(
        None, description="JSON pointer into the body as a URI fragment, e.g. `#/accounts/0/account_id`."
    )
    parameter: str | None = Field(None, description="The parameter or header, where the fault is not in the body.")
    detail: str


class ProblemOut(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[ItemProblem] | None = Field(None, description="The faulty items, at most 10,000 of them.")
    errors_total: int | None = None
