"""Requests as events of the audit log."""

from starlette.requests import Request

from serve.http.path_parameters import whole
from serve.security.audit import AuditEvent


def audit_event(request: Request) -> AuditEvent:
    """What a request asks for: its method with the route's template, the first id of its address."""
    kind, subject = next(iter(request.path_params.items()), (None, None))
    route = getattr(request.scope.get("route"), "path", request.url.path)
    return AuditEvent(f"{request.method} {route}", kind and kind.removesuffix("_id"), subject and str(whole(subject)))
