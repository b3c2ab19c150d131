"""Protection against cross-site request forgery: writes with a cookie must come from our pages."""

from starlette.requests import Request

from serve.http.problems import Problem, ProblemError

HEADER = "x-csrf-token"
FIELD = "csrf_token"
FORM_BYTES = 8 * 1024
"""Of any form of ours."""

_OURS = frozenset({"same-origin", "none"})
_FORM = "application/x-www-form-urlencoded"


def check_origin(request: Request) -> None:
    """Raise ProblemError (403) where the browser reports that a page of another site sends the request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in _OURS:
        raise ProblemError(Problem.FORBIDDEN, "The request comes from another website.")


async def token_given(request: Request) -> str:
    """Return the token of the header, else of the form; empty where there is none."""
    given = request.headers.get(HEADER)
    if given is not None:
        return given
    length = request.headers.get("content-length", "")
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
    if not is_form or not length.isdecimal() or int(length) > FORM_BYTES:
        return ""
    result = (await request.form()).get(FIELD)
    return result if isinstance(result, str) else ""
