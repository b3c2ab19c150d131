"""What a route may ask for in its signature."""

from typing import Annotated, cast

from fastapi import Depends, Request

from serve.service import Service


async def service_of(request: Request) -> Service:
    """The app's service. Asynchronous because FastAPI sends plain functions to a thread."""
    return cast(Service, request.app.state.service)


ServiceOf = Annotated[Service, Depends(service_of)]
