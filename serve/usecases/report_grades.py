"""Report how accounts are graded by the playbook, with the evidence for one of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, NotRequired, cast

import numpy as np
from typing_extensions import TypedDict

from features.cutoffs import default_cutoff, parse_cutoff
from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Count, Moment, PlaybookVersion, Probability, SchemaKeyword
from kqml.contract.grades import LocalisedTitle
from kqml.dataset.folder import Dataset
from kqml.errors import BadUse, Fault
from kqml.grades import periods
from kqml.grades.account_evidence import AccountGradeDetail, Criterion, account_grade_detail
from kqml.grades.account_grades import AccountGrades, grade_accounts
from kqml.grades.depth import LEVELS
from kqml.grades.grades_file import write_grades
from kqml.grades.inputs import GradeInputs, read_grade_inputs
from kqml.playbook import Playbook

COUNTED = ("level", "relationship_grade", "abc", "credit_grade", "credit_basis", "overall_class", "single_contact")
"""Columns whose values are counted over all accounts."""

CountedColumn = Annotated[str, SchemaKeyword("enum", COUNTED)]
DepthLevel = Annotated[str, SchemaKeyword("enum", LEVELS)]
ClassABC = Annotated[str, SchemaKeyword("enum", ("A", "B", "C"))]
GradeABCD = Annotated[str, SchemaKeyword("enum", ("A", "B", "C", "D"))]
CreditBasis = Annotated[str, SchemaKeyword("enum", ("recorded", "five_cs", "none"))]

YEARS = 2


@dataclass(frozen=True, kw_only=True)
class GradesRequest:
    """A dataset; an account to show alone; the instant (None: after the last record), quarters of history."""

    dataset: Dataset
    playbook: Playbook
    account: str | None
    at: str | None
    quarters: int
    out: Path | None


@dataclass(frozen=True, kw_only=True)
class PeriodGrades:
    """The grades of all accounts at the end of a period: by column how many accounts have each value."""

    period: str
    start: Moment
    end: Moment
    complete: bool
    counts: Mapping[CountedColumn, Mapping[str, Count]]
    relationship_score: Probability | None
    card_complete: Probability | None


@dataclass(frozen=True)
class MissingField:
    """A field of the customer card that is not filled in."""

    name: str
    weight: float
    title: LocalisedTitle


class AccountPeriodGrades(TypedDict):
    """The grades of an account at the end of a period with what they follow from; null where not recorded."""

    period: str
    start: Moment
    end: Moment
    complete: bool
    level: DepthLevel | None
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
    relationship_grade: GradeABCD | None
    sales: float | None
    credit_grade: str | None
    credit_basis: CreditBasis
    credit_cs: Count
    paid_in_time: Probability | None
    abc: ClassABC | None
    overall_score: Probability | None
    overall_class: GradeABCD | None
    card_complete: NotRequired[Probability | None]


class StatementLine(TypedDict):
    """A line of the statement of the emotional account, as `kqml.grades.emotional_account.Booking`."""

    at: Moment
    kind: str
    topic: str | None
    omitted: bool
    weight: float
    left: float
    balance: float


@dataclass(frozen=True, kw_only=True)
class AccountGradeEvidence:
    """One account with its evidence. `standing`: its grades at the end of each period, the trailing one first;
    `statement`: of the emotional account."""

    account_id: str
    standing: list[AccountPeriodGrades]
    next_level: Annotated[str, SchemaKeyword("enum", LEVELS[1:])] | None
    criteria: list[Criterion]
    statement: list[StatementLine]
    missing: list[MissingField]


@dataclass(frozen=True)
class WrittenGrades:
    """The file written with a row per account and period."""

    out: str
    rows: Count


@dataclass(frozen=True, kw_only=True)
class GradesResult:
    """The grades of all accounts by period, the trailing one first; of one account where it was asked for."""

    dataset: str
    playbook: PlaybookVersion
    currency: str
    cutoff: Moment
    accounts: Count
    periods: list[PeriodGrades]
    account: AccountGradeEvidence | None
    written: WrittenGrades | None


def report_grades(request: GradesRequest) -> GradesResult:
    """Grade every account as it was known then. Raises BadUse where the account does not exist."""
    dataset = request.dataset
    material, standings = _graded(dataset, request)
    zone, columns = dataset.info.time_zone, standings[0].columns
    account = None if request.account is None else _evidence(_detail(material, standings, request.account), zone)
    written = None
    if request.out is not None:
        rows = write_grades(request.out, material.log.accounts, standings)
        written = WrittenGrades(str(request.out), rows)
    return GradesResult(
        dataset=dataset.info.fingerprint,
        playbook=request.playbook.version,
        currency=dataset.info.currency,
        cutoff=_iso(standings[0].period.end, zone),
        accounts=len(columns.get("abc", ())),
        periods=[_period(item, zone) for item in standings],
        account=account,
        written=written,
    )


def _graded(dataset: Dataset, request: GradesRequest) -> tuple[GradeInputs, tuple[AccountGrades, ...]]:
    zone = dataset.info.time_zone
    latest = default_cutoff(dataset.event_log(), zone)
    cutoff = latest if request.at is None else parse_cutoff(request.at, zone)
    material = read_grade_inputs(dataset, request.playbook, latest)
    began = min(material.first_known.values(), default=cutoff)
    past = [*periods.quarters(cutoff, zone, request.quarters), *periods.years(cutoff, zone, YEARS)]
    history = [period for period in past if period.end > began]
    return material, grade_accounts(material, [periods.trailing(cutoff), *history])


def _detail(material: GradeInputs, standings: Sequence[AccountGrades], account: str) -> AccountGradeDetail:
    index = np.flatnonzero(material.log.accounts == account)
    if not len(index):
        fault = Fault("--account", f"{account!r}", "give an account_id of the data")
        raise BadUse("There is no such account.", [fault])
    return account_grade_detail(material, standings, int(index[0]))


def _period(standings: AccountGrades, zone: str) -> PeriodGrades:
    period, columns = standings.period, standings.columns
    return PeriodGrades(
        period=period.name,
        start=_iso(period.start, zone),
        end=_iso(period.end, zone),
        complete=period.complete,
        counts={name: _counts(columns[name]) for name in COUNTED if name in columns},
        relationship_score=_mean(columns.get("relationship_score")),
        card_complete=_mean(columns.get("card_complete")),
    )


def _counts(column: "np.ndarray[Any, Any]") -> dict[str, int]:
    """How many accounts have each value, by name; `unknown` where none is recorded."""
    counted = Counter("unknown" if value is None else str(value).lower() for value in column.tolist())
    return {value: counted[value] for value in sorted(counted, key=_rank)}


def _rank(value: str) -> tuple[int, str]:
    """Levels from the lowest, then grades from the best, what is not recorded last."""
    return (LEVELS.index(value) if value in LEVELS else len(LEVELS) + (value == "unknown"), value)


def _mean(column: "np.ndarray[Any, Any] | None") -> float | None:
    numbers = np.zeros(0) if column is None else column[~np.isnan(column)]
    return float(numbers.mean()) if len(numbers) else None


def _evidence(detail: AccountGradeDetail, zone: str) -> AccountGradeEvidence:
    return AccountGradeEvidence(
        account_id=detail.account_id,
        standing=[
            cast("AccountPeriodGrades", {**row, "start": _iso(row["start"], zone), "end": _iso(row["end"], zone)})
            for row in detail.rows
        ],
        next_level=detail.next_level,
        criteria=list(detail.criteria),
        statement=[cast("StatementLine", {**asdict(line), "at": _iso(line.at, zone)}) for line in detail.statement],
        missing=[
            MissingField(field.name, field.weight, LocalisedTitle(zh=field.title["zh"], en=field.title["en"]))
            for field in detail.missing
        ],
    )


def _iso(instant: int, zone: str) -> str:
    return moment_of(instant, zone).isoformat()
