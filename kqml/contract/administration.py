"""The audit log and erasures as the API answers with them."""

from typing import Any

from typing_extensions import TypedDict

from kqml.contract.fields import Moment


class AuditFields(TypedDict):
    """Who read or changed what, when."""

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
    """Entries, the newest first; `next_cursor`: of older ones, null at the end."""

    entries: list[AuditEntry]
    next_cursor: str | None


class ErasedAccount(TypedDict):
    """An account whose data are erased. `contacts`: people whose data were erased with it; `events`: events whose free
    content was cleared."""

    account_id: str
    contacts: int
    events: int


class Erased(TypedDict):
    """A contact whose personal data are erased. `events`: life events that were cleared."""

    contact_id: str
    events: int
