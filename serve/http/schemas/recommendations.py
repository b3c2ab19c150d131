"""The body that requests recommendations."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from serve.http.fields import Identifier
from serve.http.schemas.scores import STRICT
from serve.http.weeks import WEEK

ACCOUNTS_PER_REQUEST = 200


class RecommendationRequest(BaseModel):
    """Either `rep_id`, or `accounts`, for which the weeks of their reps are decided. `week`: an ISO week such as
    2024-W12, by default the present one. `language`: of all texts."""

    model_config = STRICT

    week: Annotated[str, Field(pattern=WEEK)] | None = None
    rep_id: Identifier | None = None
    accounts: Annotated[list[Identifier], Field(min_length=1, max_length=ACCOUNTS_PER_REQUEST)] | None = None
    language: Literal["zh", "en"] | None = None
