"""Log in and log out with a form."""

import hmac
import secrets
from functools import cache
from importlib import resources
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from jinja2 import Environment, Template
from starlette.concurrency import run_in_threadpool

from kqml.messages import catalogue, text
from serve.http.access import Public
from serve.http.csrf import FIELD, FORM_BYTES, HEADER, check_origin
from serve.http.dependencies import ServiceOf
from serve.http.problems import Problem, ProblemError
from serve.http.request_bodies import read_bytes
from serve.http.request_middleware import REQUEST_ID
from serve.http.service_state import Service
from serve.security.login_attempts import AT_ONCE, LoginAttempt, try_login
from serve.security.sessions import end_session, find_session, is_csrf_token

router = APIRouter(include_in_schema=False)
FORM_COOKIE = "kqml_login"
_MINUTE = 60 * 1_000_000


@router.get("/login", dependencies=[Public])
async def show_login(request: Request, service: ServiceOf) -> Response:
    """The login form. Its token is also in a cookie, so that no other site can log somebody in as another user."""
    return _page(service, _inside(request.query_params.get("next", "")), "", 200)


@router.post("/login", dependencies=[Public])
async def log_in(request: Request, service: ServiceOf) -> Response:
    """Starts a session and redirects to `next`, or shows the form again with the error."""
    form = await _form(request)
    onward = _inside(form.get("next", ""))
    check_origin(request)
    expected = request.cookies.get(_form_cookie(service), "")
    if not expected or not hmac.compare_digest(expected.encode(), form.get(FIELD, "").encode()):
        return _page(service, onward, text("security.login.stale", service.language), 400)
    attempt = LoginAttempt(
        form.get("login", ""),
        form.get("password", ""),
        request.client.host if request.client else "",
        request.scope[REQUEST_ID],
        request.cookies.get(service.security.cookie),
    )
    return await to_thread.run_sync(_answer, service, attempt, onward, limiter=_at_once())


@router.post("/logout", dependencies=[Public])
async def log_out(request: Request, service: ServiceOf) -> Response:
    """Ends the session of the cookie."""
    token = request.cookies.get(service.security.cookie)
    if token is not None:
        check_origin(request)
        given = request.headers.get(HEADER) or (await _form(request)).get(FIELD, "")
        await run_in_threadpool(_end, service, token, given)
    gone = Response(status_code=303, headers={"location": "/login"})
    gone.delete_cookie(service.security.cookie, secure=service.security.tls, httponly=True, samesite="lax")
    return gone


def _answer(service: Service, attempt: LoginAttempt, onward: str) -> Response:
    now = service.clock()
    outcome = try_login(service.database, service.security.limits, attempt, now)
    if outcome.wait_until is not None:
        minutes = -(-(outcome.wait_until - now) // _MINUTE)
        page = _page(service, onward, text("security.login.wait", service.language, minutes=minutes), 429)
        page.headers["retry-after"] = str(-(-(outcome.wait_until - now) // 1_000_000))
        return page
    if outcome.token is None:
        return _page(service, onward, text("security.login.wrong", service.language), 401)
    entered = Response(status_code=303, headers={"location": onward})
    lasts = service.security.limits.absolute // 1_000_000
    _set_cookie(entered, service, service.security.cookie, outcome.token, lasts)
    entered.delete_cookie(_form_cookie(service), secure=service.security.tls, httponly=True, samesite="strict")
    return entered


def _end(service: Service, token: str, given: str) -> None:
    with service.database.writing() as connection:
        session = find_session(connection, token, service.security.limits, service.clock())
        if session is not None and not is_csrf_token(session, given):
            raise ProblemError(Problem.FORBIDDEN, "The form has expired. Load the page again.")
        end_session(connection, token)


def _page(service: Service, onward: str, fault: str, status: int) -> Response:
    token, words = secrets.token_urlsafe(32), catalogue("security", service.language)["login"]
    html = _template().render(language=service.language, words=words, fault=fault, token=token, next=onward)
    page = Response(html, status, media_type="text/html")
    _set_cookie(page, service, _form_cookie(service), token, 3600, "strict")
    return page


def _form_cookie(service: Service) -> str:
    """By its prefix browsers accept the cookie only from this host, not from a compromised subdomain."""
    return f"__Host-{FORM_COOKIE}" if service.security.tls else FORM_COOKIE


def _set_cookie(
    response: Response, service: Service, name: str, value: str, seconds: int, same_site: str = "lax"
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        secure=service.security.tls,
        httponly=True,
        samesite=same_site,  # type: ignore[arg-type]
    )


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a small form. Raises ProblemError."""
    too_large = ProblemError(Problem.TOO_LARGE, f"The form exceeds {FORM_BYTES:,} bytes.")
    body = await read_bytes(request, FORM_BYTES, too_large)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise ProblemError(Problem.BAD_REQUEST, "The form is malformed.") from error
    return {name: values[0] for name, values in fields.items()}


def _inside(path: str) -> str:
    """The path if it is one of this service, else the start page: never an address of another site."""
    plain = path.isascii() and path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


@cache
def _at_once() -> CapacityLimiter:
    """Password checks have threads of their own, so that they never block other requests."""
    return CapacityLimiter(AT_ONCE)


@cache
def _template() -> Template:
    source = (resources.files("serve.http") / "templates" / "login.html").read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(source)
