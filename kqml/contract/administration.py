"""The audit log and erasures as the API answers with them."""

from typing import Any

from typing_extensions import TypedDict

from kqml.contract.fields import Moment


class AuditFields(TypedDict):
    """Who saw or changed what, when."""

    at: Moment
    actor: str
    action: str
    subject_kind: str | None
    subject: str | None
    request_id: str | None


class AuditEntry(AuditFields):
    """One entry of the audit log. `details`: ids, names of fields, counts."""

    number: int
    details: dict[str, Any] | None


class AuditPage(TypedDict):
    """Entries, the newest first; `next_cursor` asks for older ones, null where there are none."""

    entries: list[AuditEntry]
    next_cursor: str | None


class Erased(TypedDict):
    """A contact whose personal data are gone. `events`: life events that were emptied."""

    contact_id: str
    events: int
