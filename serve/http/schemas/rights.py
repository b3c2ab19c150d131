"""Bodies of the rights of people against automated decisions (PIPL art. 24)."""

from pydantic import BaseModel

from serve.http.fields import Identifier, Text
from serve.http.schemas.scores import STRICT


class ReviewBody(BaseModel):
    """A request for a person's review; put no personal data into `note`."""

    model_config = STRICT

    decision_id: Identifier | None = None
    note: Text | None = None


class AnswerBody(BaseModel):
    """The answer of the reviewing person."""

    model_config = STRICT

    answer: Text
