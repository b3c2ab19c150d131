"""Log in and log out with a form."""

import hmac
from functools import cache
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.messages import text
from serve.http.access import Public
from serve.http.csrf import FIELD, FORM_BYTES, HEADER, check_origin
from serve.http.dependencies import ServiceOf
from serve.http.login_page import form_cookie, local_path, login_page, set_session
from serve.http.problems import Problem, ProblemError
from serve.http.request_bodies import read_bytes
from serve.http.request_middleware import REQUEST_ID
from serve.http.service_state import Service
from serve.security.login_attempts import AT_ONCE, LoginAttempt, try_login
from serve.security.sessions import end_session, find_session, is_csrf_token

router = APIRouter(include_in_schema=False)
_MINUTE = 60 * 1_000_000


@router.get("/login", dependencies=[Public])
async def show_login(request: Request, service: ServiceOf) -> Response:
    """The login form. Its token is also in a cookie, so that no other site can log somebody in as another user."""
    return login_page(service, local_path(request.query_params.get("next", "")), "", 200)


@router.post("/login", dependencies=[Public])
async def log_in(request: Request, service: ServiceOf) -> Response:
    """Starts a session and redirects to `next`, or shows the form again with the error."""
    form = await _form(request)
    onward = local_path(form.get("next", ""))
    check_origin(request)
    expected = request.cookies.get(form_cookie(service), "")
    if not expected or not hmac.compare_digest(expected.encode(), form.get(FIELD, "").encode()):
        return login_page(service, onward, text("security.login.stale", service.language), 400)
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
        page = login_page(service, onward, text("security.login.wait", service.language, minutes=minutes), 429)
        page.headers["retry-after"] = str(-(-(outcome.wait_until - now) // 1_000_000))
        return page
    if outcome.token is None:
        return login_page(service, onward, text("security.login.wrong", service.language), 401)
    entered = Response(status_code=303, headers={"location": onward})
    set_session(entered, service, outcome.token)
    entered.delete_cookie(form_cookie(service), secure=service.security.tls, httponly=True, samesite="strict")
    return entered


def _end(service: Service, token: str, given: str) -> None:
    with service.database.writing() as connection:
        session = find_session(connection, token, service.security.limits, service.clock())
        if session is not None and not is_csrf_token(session, given):
            raise ProblemError(Problem.FORBIDDEN, "The form has expired. Load the page again.")
        end_session(connection, token)


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a small form. Raises ProblemError."""
    too_large = ProblemError(Problem.TOO_LARGE, f"The form exceeds {FORM_BYTES:,} bytes.")
    body = await read_bytes(request, FORM_BYTES, too_large)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise ProblemError(Problem.BAD_REQUEST, "The form is malformed.") from error
    return {name: values[0] for name, values in fields.items()}


@cache
def _at_once() -> CapacityLimiter:
    """Password checks have threads of their own, so that they never block other requests."""
    return CapacityLimiter(AT_ONCE)
