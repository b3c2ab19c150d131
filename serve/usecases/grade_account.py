"""Grade one account of the database: grades by period, depth, statement of the emotional account."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, cast

from sqlalchemy import select

from kqml.calendar.business_time import moment_of
from kqml.contract.fields import field_names
from kqml.contract.grades import (
    AccountGradeReport,
    CardFieldMissing,
    CompanyClasses,
    DepthCriterion,
    EmotionalEntryLine,
    OwnGrades,
    RelationshipReport,
)
from kqml.events import KIND_OF_CODE
from kqml.grades import periods
from kqml.grades.account_evidence import AccountGradeDetail, account_grade_detail
from kqml.grades.account_grades import grade_accounts
from kqml.grades.inputs import read_grade_inputs
from kqml.messages import text
from kqml.playbook import Playbook
from serve.database.contacts import count_contacts
from serve.database.dataset_export import snapshot_accounts
from serve.database.tables import ACCOUNT_GRADES
from serve.database.territory import Territory
from serve.security.contact_vault import PresenceVault
from serve.usecases.database_access import Transaction
from serve.usecases.stored_rows import contract_fields

YEARS = 2
OWN, CLASSES = field_names(OwnGrades), field_names(CompanyClasses)
UNGRADED: Mapping[str, Any] = {**dict.fromkeys(OWN), "credit_basis": "none", "credit_cs": 0}


@dataclass(frozen=True)
class GradeAccountRequest:
    """An account, graded by what was known before an instant; `quarters`: how many past ones."""

    account_id: str
    territory: Territory
    playbook: Playbook
    at: int
    quarters: int = 0


@dataclass(frozen=True)
class GradedAccount:
    """An account with its grades; `detail` None while no event of it is known."""

    transaction: Transaction
    request: GradeAccountRequest
    detail: AccountGradeDetail | None

    @cached_property
    def head(self) -> dict[str, str]:
        """Return what every answer says first."""
        as_of = moment_of(self.request.at, self.transaction.time_zone).isoformat()
        return {"account_id": self.request.account_id, "as_of": as_of, "playbook": self.request.playbook.version}

    @property
    def trailing(self) -> Mapping[str, Any]:
        """The grades of the trailing year."""
        return UNGRADED if self.detail is None else self.detail.rows[0]

    def report(self) -> AccountGradeReport:
        """Return the grades of each period, and the classes that rank the account among all."""
        zone = self.transaction.time_zone
        rows = () if self.detail is None else self.detail.rows
        own = [
            {
                **{name: row[name] for name in OWN if name in row},
                **{name: moment_of(row[name], zone).isoformat() for name in ("start", "end")},
            }
            for row in rows
        ]
        return cast(AccountGradeReport, {**self.head, "periods": own, "classes": self._classes()})

    def relationship(self, language: str) -> RelationshipReport:
        """Return the depth of the relationship with its evidence."""
        single = self.trailing["single_contact"]
        criteria = () if self.detail is None else self.detail.criteria
        content = {
            **self.head,
            **{name: self.trailing[name] for name in ("level", "contacts_met", "channels", "relationship_grade")},
            "next_level": None if self.detail is None else self.detail.next_level,
            "criteria": [cast(DepthCriterion, asdict(criterion)) for criterion in criteria],
            "contacts_known": count_contacts(self.transaction.connection, self.request.account_id),
            "single_contact": single,
            "warning": text("grades.single_contact_warning", language) if single else None,
            "missing": self._missing(),
        }
        return cast(RelationshipReport, content)

    def statement(self, language: str) -> list[EmotionalEntryLine]:
        """Return the entries of the emotional account, the newest first."""
        lines = () if self.detail is None else self.detail.statement
        return [
            EmotionalEntryLine(
                at=moment_of(line.at, self.transaction.time_zone).isoformat(),
                kind=line.kind,
                name=KIND_OF_CODE[line.kind].named(language),
                topic=line.topic,
                omitted=line.omitted,
                points=line.weight,
                left=line.left,
                balance=line.balance,
            )
            for line in reversed(lines)
        ]

    def _classes(self) -> CompanyClasses | None:
        request = select(ACCOUNT_GRADES).where(ACCOUNT_GRADES.c.account_id == self.request.account_id)
        row = self.transaction.connection.execute(request).mappings().first()
        if row is None:
            return None
        fields = contract_fields({**row, "as_of": row["cutoff"]}, CLASSES, self.transaction.time_zone)
        return cast(CompanyClasses, fields)

    def _missing(self) -> list[CardFieldMissing]:
        fields = self.request.playbook.card if self.detail is None else self.detail.missing
        return [
            CardFieldMissing(
                name=field.name, weight=field.weight, title={"zh": field.title["zh"], "en": field.title["en"]}
            )
            for field in fields
        ]


def grade_account(transaction: Transaction, request: GradeAccountRequest) -> GradedAccount:
    """Grade an account from its own history. Raises UnknownRecord.

    Of the personal fields of contacts only whether they are filled in is looked at.
    """
    transaction.require_account(request.account_id, request.territory)
    zone, at = transaction.time_zone, request.at
    dataset = snapshot_accounts(transaction.connection, PresenceVault(), [request.account_id])
    material = read_grade_inputs(dataset, request.playbook, at)
    if not material.log.account_count or not len(material.log):
        return GradedAccount(transaction, request, None)
    began = int(material.log.occurred_at.min())
    past = [*periods.quarters(at, zone, request.quarters), *periods.years(at, zone, YEARS if request.quarters else 0)]
    history = [period for period in past if period.end > began]
    standings = grade_accounts(material, [periods.trailing(at), *history])
    return GradedAccount(transaction, request, account_grade_detail(material, standings, 0))
