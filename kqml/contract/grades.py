"""Grades, relationship and emotional account of an account as the API answers with them."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from kqml.contract.fields import Count, Moment, PlaybookVersion, Probability

Level = Literal["none", "basic", "middle", "high"]
GradeLetter = Literal["A", "B", "C", "D"]
ClassLetter = Literal["A", "B", "C"]


class LocalisedTitle(TypedDict):
    """A title by language."""

    zh: str
    en: str


class CardFieldMissing(TypedDict):
    """A field of the customer card that is not filled in; the largest `weight` is worth asking for next."""

    name: str
    weight: float
    title: LocalisedTitle


class DepthNeeds(TypedDict):
    """The least value that each depth level takes."""

    basic: float
    middle: float
    high: float


class DepthCriterion(TypedDict):
    """A number that the depth rests on, null where it is not recorded; `needs`: the least that each level takes."""

    name: str
    value: float | None
    needs: DepthNeeds


class OwnGrades(TypedDict):
    """What an account is graded by itself at the end of a period; null where the data do not record it.

    `familiarity` … `receivables`, the dimensions, and `relationship_score`: 0 to 1. `sales`: net, of the year before.
    """

    period: str
    start: Moment
    end: Moment
    complete: bool
    level: Level | None
    contacts_met: float | None
    meetings: float | None
    problems_solved: float | None
    asks_granted: Probability | None
    card_filled: Probability | None
    channels: float | None
    single_contact: bool | None
    emotional_balance: float | None
    familiarity: Probability | None
    closeness: Probability | None
    sales_support: Probability | None
    complaints: Probability | None
    receivables: Probability | None
    relationship_score: Probability | None
    relationship_grade: GradeLetter | None
    sales: float | None
    credit_grade: str | None
    credit_basis: Literal["recorded", "five_cs", "none"]
    credit_cs: Count
    paid_in_time: Probability | None
    card_complete: NotRequired[Probability | None]


class CompanyClasses(TypedDict):
    """The classes that rank an account among all accounts, as of the last scoring of all of them."""

    as_of: Moment
    abc: ClassLetter | None
    overall_class: GradeLetter | None


class AccountGradeReport(TypedDict):
    """The grades of an account as known at `as_of`. `periods`: the trailing year first, then quarters and years, the
    earliest first; `classes`: null until all accounts were scored."""

    account_id: str
    as_of: Moment
    playbook: PlaybookVersion
    periods: list[OwnGrades]
    classes: CompanyClasses | None


class RelationshipReport(TypedDict):
    """How deep the relationship with an account is. `contacts_known`: contacts stored; `contacts_met`: people dealt
    with in the playbook's window. `single_contact`: so few people are known that one who leaves takes the relationship
    along; `warning` says so. `missing`: fields of the customer card."""

    account_id: str
    as_of: Moment
    playbook: PlaybookVersion
    level: Level | None
    next_level: Level | None
    criteria: list[DepthCriterion]
    contacts_known: Count
    contacts_met: float | None
    channels: float | None
    single_contact: bool | None
    warning: str | None
    relationship_grade: GradeLetter | None
    missing: list[CardFieldMissing]


class EmotionalEntryLine(TypedDict):
    """An entry of the emotional account. `kind`, `topic`: of the event; `name`: of the kind, in words; `omitted`:
    booked because the event stayed without an answer in time. `points`: booked then; `left`: of them at `as_of`;
    `balance`: after the entry, at its own time."""

    at: Moment
    kind: str
    name: str
    topic: str | None
    omitted: bool
    points: float
    left: float
    balance: float


class EmotionalAccountPage(TypedDict):
    """Entries of the emotional account, the newest first, as known at `as_of`. `balance`: at `as_of`, to which what is
    left of all entries adds up; null where the data record none of the events that are booked."""

    account_id: str
    as_of: Moment
    playbook: PlaybookVersion
    balance: float | None
    entries: list[EmotionalEntryLine]
    next_cursor: str | None


class GradeSummaryReport(TypedDict):
    """How many accounts have each grade, as of the last scoring of all accounts (null: there was none). `counts`: by
    column (`level`, `single_contact`, `relationship_grade`, `abc`, `overall_class`) and value, `unknown` where the data
    do not record it; `emotional_balance`: the mean."""

    as_of: Moment | None
    accounts: Count
    emotional_balance: float | None
    counts: dict[str, dict[str, Count]]
