"""The login page with the cookies of its ways to log in."""

import secrets
from functools import cache
from importlib import resources

from fastapi import Response
from jinja2 import Environment, Template

from kqml.messages import catalogue
from serve.http.service_state import Service

FORM_COOKIE = "kqml_login"


def login_page(service: Service, onward: str, fault: str, status: int) -> Response:
    """Return the login form. Its token is also in a cookie, so that no other site can log somebody in as another
    user."""
    token, words = secrets.token_urlsafe(32), catalogue("security", service.language)["login"]
    oidc = service.security.oidc is not None
    html = _template().render(language=service.language, words=words, fault=fault, token=token, next=onward, oidc=oidc)
    page = Response(html, status, media_type="text/html")
    set_cookie(page, service, form_cookie(service), token, 3600, "strict")
    return page


def form_cookie(service: Service) -> str:
    """Return the name of the form's cookie."""
    return cookie_name(service, FORM_COOKIE)


def cookie_name(service: Service, name: str) -> str:
    """Return the name as used: by its prefix browsers accept the cookie only from this host, not from a compromised
    subdomain."""
    return f"__Host-{name}" if service.security.tls else name


def set_cookie(
    response: Response, service: Service, name: str, value: str, seconds: int, same_site: str = "lax"
) -> None:
    """Set a cookie that scripts cannot read."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        secure=service.security.tls,
        httponly=True,
        samesite=same_site,  # type: ignore[arg-type]
    )


def set_session(response: Response, service: Service, token: str) -> None:
    """Set the cookie of a session."""
    set_cookie(response, service, service.security.cookie, token, service.security.limits.absolute // 1_000_000)


def local_path(path: str) -> str:
    """Return the path if it is one of this service, else the start page: never an address of another site."""
    plain = path.isascii() and path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


@cache
def _template() -> Template:
    source = (resources.files("serve.http") / "templates" / "login.html").read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(source)
