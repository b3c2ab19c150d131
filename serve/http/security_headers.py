"""Security headers of every response."""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""What a page may load: our own files, nothing inline, nothing of others."""

DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""JSON, text: nothing at all, should a browser take them for a page."""

ONE_YEAR = 31_536_000

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_HSTS = (b"strict-transport-security", f"max-age={ONE_YEAR}; includeSubDomains".encode())
_NO_DATABASE = (b"cache-control", b"no-store")
_POLICY = b"content-security-policy"


class SecurityHeaders:
    """ASGI middleware. `tls`: the service is reached by HTTPS only, which browsers are told to remember. `styles`:
    hashes of inline styles that a page's libraries need, as in `'sha256-…'`."""

    def __init__(self, app: ASGIApp, tls: bool, styles: Iterable[str] = ()) -> None:
        self._app = app
        page = PAGE_POLICY.replace("style-src 'self'", " ".join(("style-src 'self'", *styles)))
        self._page = (_POLICY, page.encode())
        self._data = (_POLICY, DATA_POLICY.encode())
        self._always = (*_ALWAYS, _HSTS) if tls else _ALWAYS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._missing(message.get("headers", ()))]
            await send(message)

        await self._app(scope, receive, send_guarded)

    def _missing(self, given: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
        """The content policy of the type, and no caching where the route set nothing."""
        names = {name.lower(): value for name, value in given}
        yield from self._always
        if _POLICY not in names:
            yield self._page if names.get(b"content-type", b"").startswith(b"text/html") else self._data
        if b"cache-control" not in names:
            yield _NO_DATABASE
