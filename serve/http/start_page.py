"""The page at `/`: links to the API description, the documents and the state."""

from functools import cache
from importlib import resources

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, Template

from kqml.messages import LANGUAGES, catalogue
from serve.http.access import Public
from serve.http.dependencies import ServiceOf

LINKS = {"openapi": "/openapi.json", "health": "/healthz", "readiness": "/readyz", "model": "/v1/model"}
"""Names of the links in the catalogue with their addresses."""

router = APIRouter(include_in_schema=False)


@router.get("/", dependencies=[Public])
async def show_start(request: Request, service: ServiceOf) -> Response:
    """The start page in the service's language, or the one that `language` names."""
    requested = request.query_params.get("language")
    language = requested if requested in LANGUAGES else service.language
    others = [other for other in LANGUAGES if other != language]
    words = catalogue("service", language)["start"]
    names = {other: catalogue("service", other)["start"]["language"] for other in others}
    html = _template().render(language=language, words=words, links=LINKS, names=names)
    return Response(html, media_type="text/html")


@cache
def _template() -> Template:
    source = (resources.files("serve.http") / "templates" / "start.html").read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(source)
