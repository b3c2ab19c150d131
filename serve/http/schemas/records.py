"""Bodies that put in accounts, contacts, reps and events."""

from typing import Annotated, Required

from pydantic import BaseModel, Field, RootModel
from typing_extensions import TypedDict

from kqml.calendar.visiting_times import OPENING_HOURS, VISIT_TIME, VISIT_WEEKDAYS
from kqml.dataset.tables import BIRTHDAY
from serve.http.fields import Day, Identifier, Text, Word, within
from serve.http.schemas.scores import STRICT, Attributes, EventFacts, ProfileIn

EVENTS_PER_BATCH = 10_000
RECORDS_PER_BATCH = 1_000


class EventRecord(EventFacts, total=False):
    """One event of any account; null is the same as absent."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    event_id: Required[Identifier]
    account_id: Required[Identifier]


class EventBatch(BaseModel):
    """Events to store: all of them or none."""

    model_config = STRICT

    events: Annotated[list[EventRecord], Field(min_length=1, max_length=EVENTS_PER_BATCH)]


class AccountFacts(ProfileIn, total=False):
    """The present data of an account. A missing field becomes unknown, whatever was stored before."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    visit_weekdays: Annotated[str, Field(max_length=20, pattern=VISIT_WEEKDAYS)] | None
    visit_time: Annotated[str, Field(max_length=11, pattern=VISIT_TIME)] | None
    route: Word | None
    opening_hours: Annotated[str, Field(max_length=500, pattern=OPENING_HOURS)] | None
    latitude: Annotated[float, within("latitude", "accounts")] | None
    longitude: Annotated[float, within("longitude", "accounts")] | None
    attributes: Attributes | None


class AccountRecord(AccountFacts, total=False):
    """One account of a batch."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    account_id: Required[Identifier]


class ContactFields(TypedDict, total=False):
    """What is known of a person at an account; most fields are personal data."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    name: Word | None
    role: Word | None
    influence: Word | None
    phone: Word | None
    birthday: Annotated[str, Field(pattern=BIRTHDAY)] | None
    education: Text | None
    home_town: Text | None
    family: Text | None
    character: Text | None
    hobbies: Text | None
    attributes: Attributes | None


class ContactFacts(ContactFields, total=False):
    """A person at an account. Everything but the account is optional."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    account_id: Required[Identifier]


class ContactChanges(ContactFields, total=False):
    """Fields of a contact to change; a missing one stays as it is, null makes it unknown."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    account_id: Identifier


class ContactRecord(ContactFacts, total=False):
    """One contact of a batch."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    contact_id: Required[Identifier]


class RepFacts(TypedDict, total=False):
    """A rep with the weekly capacity."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    name: Word | None
    manager_id: Identifier | None
    region: Word | None
    started_on: Day | None
    left_on: Day | None
    minutes_per_week: Annotated[float, within("minutes_per_week", "reps")] | None
    stops_per_week: Annotated[float, within("stops_per_week", "reps")] | None
    budget_per_week: Annotated[float, within("budget_per_week", "reps")] | None
    absences: Annotated[list[Annotated[list[Day], Field(min_length=2, max_length=2)]], Field(max_length=500)] | None


class RepRecord(RepFacts, total=False):
    """One rep of a batch."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    rep_id: Required[Identifier]


class AccountBatch(BaseModel):
    """Accounts to put in, each as a whole: all of them or none."""

    model_config = STRICT

    accounts: Annotated[list[AccountRecord], Field(min_length=1, max_length=RECORDS_PER_BATCH)]


class ContactBatch(BaseModel):
    """Contacts to put in, each as a whole: all of them or none."""

    model_config = STRICT

    contacts: Annotated[list[ContactRecord], Field(min_length=1, max_length=RECORDS_PER_BATCH)]


class RepBatch(BaseModel):
    """Reps to put in, each as a whole: all of them or none."""

    model_config = STRICT

    reps: Annotated[list[RepRecord], Field(min_length=1, max_length=RECORDS_PER_BATCH)]


class AccountBody(RootModel[AccountFacts]):
    """The present data of an account."""


class ContactBody(RootModel[ContactFacts]):
    """The present data of a contact."""


class RepBody(RootModel[RepFacts]):
    """The present data of a rep."""


class AccountPatch(RootModel[AccountFacts]):
    """Fields of an account to change; a missing one stays as it is, null makes it unknown."""


class ContactPatch(RootModel[ContactChanges]):
    """Fields of a contact to change; a missing one stays as it is, null makes it unknown."""


class RepPatch(RootModel[RepFacts]):
    """Fields of a rep to change; a missing one stays as it is, null makes it unknown."""
