"""Notes of contacts in the API."""

from typing_extensions import TypedDict

from kqml.contract.fields import Moment


class BusinessNote(TypedDict, total=False):
    """What a visit form notes of the business, as far as it was noted: what was done, what went well, what badly, the
    lesson, the agreement, the plan, who took part."""

    summary: str
    went_well: str
    went_badly: str
    lesson: str
    agreement: str
    plan: str
    participants: str


class ContactNote(TypedDict):
    """The note of an earlier contact. `contact_id`: whom it is about, null without the scope to read contacts.
    `personal`: null unless the caller may see personal data."""

    decision_id: str
    at: Moment
    contact_id: str | None
    business: BusinessNote
    personal: str | None
