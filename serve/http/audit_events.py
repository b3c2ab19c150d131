"""Requests as events of the audit log."""

from starlette.requests import Request

from serve.http.path_parameters import whole
from serve.security.audit import AuditEvent


def audit_event(request: Request) -> AuditEvent:
    """Return the event of a request: its method and route, with the first id of its path as the subject."""
    kind, subject = next(iter(request.path_params.items()), (None, None))
    route = getattr(request.scope.get("route"), "path", request.url.path)
    return AuditEvent(f"{request.method} {route}", kind and kind.removesuffix("_id"), subject and str(whole(subject)))
