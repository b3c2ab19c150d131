"""An access that asks nobody who they are, for tests of what comes after."""

from starlette.requests import Request

from serve.security.callers import OPEN_CALLER, Caller


class OpenAccess:
    """Lets everybody who reaches the port do everything."""

    async def caller_of(self, request: Request) -> Caller:
        return OPEN_CALLER
