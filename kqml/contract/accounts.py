"""Accounts, contacts and reps as the API answers with them."""

from typing import Any, Literal

from typing_extensions import TypedDict

from kqml.contract.decisions import WeekDecision
from kqml.contract.fields import Day, Moment
from kqml.contract.grades import ClassLetter, GradeLetter, Level
from kqml.contract.scores import FullScore, ReasonOut, ShortScore


class AccountFields(TypedDict):
    """The present data of an account. `described`: false while only events name it; `erased_at`: when its data were
    erased, null otherwise."""

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
    visit_weekdays: str | None
    visit_time: str | None
    route: str | None
    opening_hours: str | None
    latitude: float | None
    longitude: float | None
    attributes: dict[str, Any] | None
    described: bool
    updated_at: Moment
    erased_at: Moment | None


class ListedScore(ShortScore):
    """An account's newest stored score. `main_reason`: the weightiest one that raises the probability; null without."""

    main_reason: ReasonOut | None


class LastContact(TypedDict):
    """Our last contact with an account: the kind of event, when it took place, the rep."""

    kind: str
    at: Moment
    rep_id: str | None


class GradeSummary(TypedDict):
    """The grades of an account as of the last scoring of all accounts; null where the data do not record them.

    `level`: depth of the relationship; `single_contact`: so few people are known there that one who leaves takes the
    relationship along; `abc`: the 532 class of sales; `emotional_balance`: of the emotional account.
    """

    as_of: Moment
    level: Level | None
    single_contact: bool | None
    emotional_balance: float | None
    relationship_grade: GradeLetter | None
    abc: ClassLetter | None
    overall_class: GradeLetter | None


class ListedAccount(AccountFields):
    """One account of a list; `score`, `grades` are null while none are stored. `next_action`: the open decision of the
    present week; null where there is none, where the account objects, and without the scope to read decisions."""

    score: ListedScore | None
    grades: GradeSummary | None
    next_action: WeekDecision | None
    last_contact: LastContact | None


class OneAccount(AccountFields):
    """One account; `score` is null while none is stored."""

    score: FullScore | None


class AccountPage(TypedDict):
    """A page of accounts; `next_cursor`: of the next page, null at the end. `complete_until`: every change before it
    was visible to this request: the `changed_since` of the next round."""

    accounts: list[ListedAccount]
    complete_until: Moment
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
