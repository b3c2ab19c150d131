"""Dependencies and parameters shared by the routes."""

from typing import Annotated, Literal, cast

from fastapi import Depends, Header, Path, Query, Request
from pydantic import BeforeValidator

from serve.http.cursors import PAGE_DEFAULT, PAGE_LIMIT
from serve.http.fields import Identifier
from serve.http.path_parameters import whole
from serve.http.service_state import Service


async def service_of(request: Request) -> Service:
    """Return the service of the app. Asynchronous because FastAPI sends plain functions to a thread."""
    return cast(Service, request.app.state.service)


ServiceOf = Annotated[Service, Depends(service_of)]

IdInPath = Annotated[Identifier, BeforeValidator(whole), Path()]
PageLimit = Annotated[int, Query(ge=1, le=PAGE_LIMIT, description="Maximum number of items.")]
Cursor = Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the previous page.")]
Language = Annotated[
    Literal["zh", "en"] | None, Query(description="Language of the texts. Default: that of the service.")
]
IfMatch = Annotated[str | None, Header(description="Write only if the record still has this ETag.")]
IfNoneMatch = Annotated[
    str | None, Header(description="Only if the record has another ETag; `*`: only if it does not exist.")
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Identifies the request: repeated with the same key and body it returns the first response.",
    ),
]
DEFAULT_LIMIT = PAGE_DEFAULT
