"""Log in with an OpenID provider."""

import base64
import hmac
import secrets

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.messages import text
from serve.http.access import Public
from serve.http.dependencies import ServiceOf
from serve.http.login_page import cookie_name, local_path, login_page, set_cookie, set_session
from serve.http.problems import Problem, ProblemError
from serve.http.request_middleware import REQUEST_ID
from serve.http.service_state import Service
from serve.security.oidc import OidcProvider, OidcRefused, OidcUnavailable
from serve.security.oidc_login import IdentityLogin, log_in_by_identity

router = APIRouter(include_in_schema=False)
COOKIE = "kqml_oidc"
LOGIN_SECONDS = 600
"""How long the login at the provider may take."""


@router.get("/login/oidc", dependencies=[Public])
async def start_login(request: Request, service: ServiceOf) -> Response:
    """Redirects to the provider; a cookie keeps what its answer is checked by."""
    provider = _provider(service)
    onward = local_path(request.query_params.get("next", ""))
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    try:
        address = await run_in_threadpool(provider.authorization_url, state, nonce, verifier)
    except OidcUnavailable as error:
        return _failed(request, service, onward, "oidc_unavailable", error)
    entered = Response(status_code=303, headers={"location": address})
    value = base64.urlsafe_b64encode(orjson.dumps([state, nonce, verifier, onward])).decode()
    set_cookie(entered, service, cookie_name(service, COOKIE), value, LOGIN_SECONDS)
    return entered


@router.get("/login/oidc/callback", dependencies=[Public])
async def finish_login(request: Request, service: ServiceOf) -> Response:
    """Starts a session of the user that the provider vouches for, or shows the login page with the error."""
    provider, query = _provider(service), request.query_params
    try:
        content = orjson.loads(base64.urlsafe_b64decode(request.cookies.get(cookie_name(service, COOKIE), "")))
        state, nonce, verifier, onward = map(str, content)
    except (ValueError, TypeError):
        return _failed(request, service, "/", "stale", None, 400)
    if not hmac.compare_digest(state.encode(), query.get("state", "").encode()):
        return _failed(request, service, "/", "stale", None, 400)
    try:
        if "code" not in query:
            raise OidcRefused(f"the provider reports {query.get('error', 'nothing')!r:.60}")
        identity = await run_in_threadpool(provider.identify, query["code"], verifier, nonce)
    except OidcRefused as error:
        return _failed(request, service, onward, "oidc_refused", error, 401)
    except OidcUnavailable as error:
        return _failed(request, service, onward, "oidc_unavailable", error)
    login = IdentityLogin(identity, request.scope[REQUEST_ID], request.cookies.get(service.security.cookie))
    limits = service.security.limits
    token = await run_in_threadpool(log_in_by_identity, service.database, limits, login, service.clock())
    if token is None:
        return _failed(request, service, onward, "oidc_unknown", None, 403)
    entered = Response(status_code=303, headers={"location": local_path(onward)})
    set_session(entered, service, token)
    _forget(entered, service)
    return entered


def _provider(service: Service) -> OidcProvider:
    if service.oidc is None:
        raise ProblemError(Problem.NOT_FOUND, "Logins with an OpenID provider are not configured.")
    return service.oidc


def _failed(
    request: Request, service: Service, onward: str, key: str, error: Exception | None, status: int = 503
) -> Response:
    if error is not None:
        request.app.state.log.warning("oidc_failed", request_id=request.scope[REQUEST_ID], why=str(error))
    page = login_page(service, local_path(onward), text(f"security.login.{key}", service.language), status)
    _forget(page, service)
    return page


def _forget(response: Response, service: Service) -> None:
    name = cookie_name(service, COOKIE)
    response.delete_cookie(name, secure=service.security.tls, httponly=True, samesite="lax")
