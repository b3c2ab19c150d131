"""Accounts, contacts and reps as the API answers with them."""

from typing import Any, Literal

from typing_extensions import TypedDict

from kqml.contract.fields import Day, Moment
from kqml.contract.scores import FullScore, ShortScore


class AccountFields(TypedDict):
    """The present data of an account. `described`: false while only events name it."""

    account_id: str
    name: str | None
    tier: Literal["A", "B", "C"] | None
    segment: str | None
    region: str | None
    owner_rep_id: str | None
    opened_on: Day | None
    status: Literal["active", "suspended", "closed", "transferred"] | None
    status_since: Day | None
    credit_grade: str | None
    attributes: dict[str, Any] | None
    described: bool
    updated_at: Moment


class ListedAccount(AccountFields):
    """One account of a list; `score` is null while none is stored."""

    score: ShortScore | None


class OneAccount(AccountFields):
    """One account; `score` is null while none is stored."""

    score: FullScore | None


class AccountPage(TypedDict):
    """A page of accounts; `next_cursor`: of the next page, null at the end."""

    accounts: list[ListedAccount]
    next_cursor: str | None


class Contact(TypedDict):
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
    attributes: dict[str, Any] | None
    updated_at: Moment
    erased_at: Moment | None


class ContactPage(TypedDict):
    """A page of an account's contacts; `next_cursor`: of the next page, null at the end."""

    contacts: list[Contact]
    next_cursor: str | None


class Rep(TypedDict):
    """A rep."""

    rep_id: str
    name: str | None
    manager_id: str | None
    region: str | None
    started_on: Day | None
    left_on: Day | None
    minutes_per_week: float | None
    stops_per_week: float | None
    budget_per_week: float | None
    absences: list[list[Day]] | None
    updated_at: Moment


class RepPage(TypedDict):
    """A page of reps; `next_cursor`: of the next page, null at the end."""

    reps: list[Rep]
    next_cursor: str | None
