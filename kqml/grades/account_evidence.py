"""The standing of one account with its evidence: what it rests on, what it lacks, what to ask next."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from typing_extensions import TypedDict

from kqml.grades.account_grades import AccountGrades, card_now, known_at_end
from kqml.grades.depth import LEVELS
from kqml.grades.emotional_account import Booking, statement
from kqml.grades.inputs import GradeInputs
from kqml.playbook.relationship import CardField


class LevelNeeds(TypedDict):
    """The least value that each depth level takes."""

    basic: float
    middle: float
    high: float


@dataclass(frozen=True)
class Criterion:
    """A number that the depth level rests on, None where it is not recorded; `needs`: the least each level takes."""

    name: str
    value: float | None
    needs: LevelNeeds


@dataclass(frozen=True)
class AccountGradeDetail:
    """`rows`: the standing at the end of each period, the trailing one first. `statement`: of the emotional account,
    whose lines add up to the balance. `missing`: fields of the customer card, what weighs most first."""

    account_id: str
    rows: tuple[Mapping[str, Any], ...]
    criteria: tuple[Criterion, ...]
    statement: tuple[Booking, ...]
    missing: tuple[CardField, ...]

    @property
    def next_level(self) -> str | None:
        """The level above the present one; None at the highest, or where nothing is recorded."""
        level = self.rows[0]["level"]
        return None if level in (None, LEVELS[-1]) else LEVELS[LEVELS.index(level) + 1]


def account_grade_detail(material: GradeInputs, standings: Sequence[AccountGrades], index: int) -> AccountGradeDetail:
    """The standing of the account at an index of the log; `standings`: of all accounts, the trailing period first."""
    rows = tuple(_row(grades, index) for grades in standings)
    alone = material.between(index, index + 1)
    known = known_at_end(alone, standings[0].period)
    basic, middle, high = (asdict(getattr(material.playbook.depth, level)) for level in LEVELS[1:])
    criteria = tuple(
        Criterion(name, rows[0][name], LevelNeeds(basic=basic[name], middle=middle[name], high=high[name]))
        for name in basic
    )
    missing = card_now(alone, known).missing(0)
    return AccountGradeDetail(
        str(material.log.accounts[index]), rows, criteria, statement(known, material.playbook), missing
    )


def _row(standings: AccountGrades, index: int) -> dict[str, Any]:
    """One account's columns as plain values, None where missing."""
    period = standings.period
    head = {"period": period.name, "start": period.start, "end": period.end, "complete": period.complete}
    return {**head, **{name: _plain(column[index]) for name, column in standings.columns.items()}}


def _plain(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and np.isnan(plain) else plain
