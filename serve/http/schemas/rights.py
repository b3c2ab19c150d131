"""The bodies of the rights that people have against automated decisions (PIPL art. 24)."""

from pydantic import BaseModel

from serve.http.fields import Identifier, Text
from serve.http.schemas.scores import STRICT


class ReviewBody(BaseModel):
    """A wish that a person looks at it; say nothing personal in `note`."""

    model_config = STRICT

    decision_id: Identifier | None = None
    note: Text | None = None


class AnswerBody(BaseModel):
    """What the person found."""

    model_config = STRICT

    answer: Text
