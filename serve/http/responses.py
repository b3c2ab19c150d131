"""JSON responses."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Response

from serve.http.cursors import write_cursor
from serve.usecases.stored_rows import ContractPage


def json_response(content: Mapping[str, Any]) -> Response:
    """Return the content as JSON."""
    return Response(orjson.dumps(content), media_type="application/json")


def page_response(name: str, page: ContractPage[Any], query: object, **more: object) -> Response:
    """Return the items of a page under a name, with `more` and the cursor of the next page of the same query."""
    following = None if page.last is None else write_cursor(query, page.last)
    return json_response({**more, name: page.items, "next_cursor": following})
