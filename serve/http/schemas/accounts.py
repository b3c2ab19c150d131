"""The bodies that answer with accounts, contacts, reps."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue

from kqml.contract.fields import Moment
from kqml.contract.scores import FullScore, ShortScore

Date = Annotated[str, Field(json_schema_extra={"format": "date"})]


class AccountOut(BaseModel):
    """What an account is now. `described`: false while only events name it."""

    account_id: str
    name: str | None
    tier: Literal["A", "B", "C"] | None
    segment: str | None
    region: str | None
    owner_rep_id: str | None
    opened_on: Date | None
    status: Literal["active", "suspended", "closed", "transferred"] | None
    status_since: Date | None
    credit_grade: str | None
    attributes: dict[str, JsonValue] | None
    described: bool
    updated_at: Moment


class ListedAccount(AccountOut):
    """One account of a list; `score` is null while none is stored."""

    score: ShortScore | None


class OneAccount(AccountOut):
    """One account; `score` is null while none is stored."""

    score: FullScore | None


class AccountPage(BaseModel):
    """A part of the accounts asked for; `next_cursor` asks for the next one, null where there is none."""

    accounts: list[ListedAccount]
    next_cursor: str | None


class ContactOut(BaseModel):
    """A person at an account. Personal fields are null where the caller may not see them."""

    contact_id: str
    account_id: str
    name: str | None
    role: str | None
    influence: str | None
    phone: str | None
    birthday: str | None
    education: str | None
    home_town: str | None
    family: str | None
    character: str | None
    hobbies: str | None
    attributes: dict[str, JsonValue] | None
    updated_at: Moment
    erased_at: Moment | None


class ContactPage(BaseModel):
    """The contacts of an account; `next_cursor` asks for the next ones, null where there are none."""

    contacts: list[ContactOut]
    next_cursor: str | None


class RepOut(BaseModel):
    """A rep."""

    rep_id: str
    name: str | None
    manager_id: str | None
    region: str | None
    started_on: Date | None
    left_on: Date | None
    minutes_per_week: float | None
    stops_per_week: float | None
    budget_per_week: float | None
    absences: list[list[Date]] | None
    updated_at: Moment


class RepPage(BaseModel):
    """A part of the reps; `next_cursor` asks for the next one, null where there is none."""

    reps: list[RepOut]
    next_cursor: str | None
