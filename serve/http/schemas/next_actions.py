"""The body that requests next actions."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from serve.http.fields import Instant
from serve.http.schemas.scores import STRICT, AccountIn

ACCOUNTS_PER_REQUEST = 200


class NextActionsBody(BaseModel):
    """The accounts, each with its history or only its id to use the stored one."""

    model_config = STRICT

    accounts: Annotated[list[AccountIn], Field(min_length=1, max_length=ACCOUNTS_PER_REQUEST)]
    as_of: Instant | None = Field(None, description="Only what was known before it counts. Default: now.")
    language: Literal["zh", "en"] | None = Field(None, description="Of texts and briefs. Default: the service's.")
    commit: bool = Field(
        False, description="Store the actions as decisions; possible for stored accounts as of now. Default: false."
    )
