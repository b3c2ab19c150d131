"""The credit grade (domain §7): as recorded, else by those of the 5 Cs for which there are inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.grades.relationship import grades_of, payments_due
from kqml.history.attributes import AttributeChange, value_at
from kqml.history.closings import closed_at, referral_closing
from kqml.history.known_history import Floats, KnownHistory
from kqml.playbook import Playbook
from kqml.playbook.codes import GRADES

FIVE_CS = ("capital", "character", "capacity", "collateral", "conditions")
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class CreditInputs:
    """What credit is judged by beside payments. `present`: the grade of now per account, None where absent. `changes`:
    by the account's index, in the order of events. `given`: per account the Cs that its attributes give now, each 0 to
    1 (NaN)."""

    present: Texts
    changes: Mapping[int, Sequence[AttributeChange]]
    given: Mapping[str, Floats]

    def between(self, start: int, stop: int) -> "CreditInputs":
        """Those of the accounts `start:stop`."""
        moved = {index - start: own for index, own in self.changes.items() if start <= index < stop}
        return CreditInputs(self.present[start:stop], moved, {name: self.given[name][start:stop] for name in FIVE_CS})


@dataclass(frozen=True)
class Credit:
    """Per account. `grade`: None without inputs. `basis`: recorded, five_cs or none. `cs`: how many of the 5 Cs were
    judged. `character`: the share of the money due within a year that was paid within the playbook's days of grace,
    NaN where nothing was due."""

    grade: Texts
    basis: Texts
    cs: NDArray[np.int64]
    character: Floats


def credit(known: KnownHistory, playbook: Playbook, inputs: CreditInputs, *, now: bool) -> Credit:
    """The credit at the cutoff. What the tables give counts only where the cutoff is `now`, since it may have changed.

    Recorded: the latest change known, else what the first later change changed, else, now, the present grade. By the
    5 Cs: the mean of those judged (character by payments, the others as given) against the thresholds of the
    relationship grade.
    """
    recorded = _recorded(known, inputs, now)
    character = _paid_in_time(known, playbook.facts.get("account_cash", {}).get("overdue_days", 0.0))
    given = {name: inputs.given[name] if now else np.full(len(character), np.nan) for name in FIVE_CS}
    given["character"] = np.where(np.isnan(given["character"]), character, given["character"])
    table = np.column_stack([given[name] for name in FIVE_CS])
    assessment = (~np.isnan(table)).sum(axis=1)
    score = np.where(assessment > 0, np.nansum(table, axis=1) / np.maximum(assessment, 1), np.nan)
    by_cs = grades_of(score, playbook.relationship_grade.grades)
    has = np.array([grade is not None for grade in recorded], dtype=np.bool_)
    basis = np.where(has, "recorded", np.where(assessment > 0, "five_cs", "none")).astype(object)
    return Credit(np.where(has, recorded, by_cs), basis, assessment.astype(np.int64), character)


def credit_inputs(accounts: pd.DataFrame, changes: Mapping[int, Sequence[AttributeChange]]) -> CreditInputs:
    """The inputs of a dataset; `accounts` in the order of the log.

    One of the 5 Cs is given as `attributes.credit.<name>`: a grade A to D, or a share 0 to 1.
    """
    nothing = pd.Series([None] * len(accounts), index=accounts.index, dtype=object)
    present = accounts.get("credit_grade", nothing).astype(object)
    notes = [_credit_note(text) for text in accounts.get("attributes", nothing)]
    given = {name: np.array([_share(note.get(name)) for note in notes], dtype=np.float64) for name in FIVE_CS}
    return CreditInputs(present.where(present.notna(), None).to_numpy(dtype=object), changes, given)


def _recorded(known: KnownHistory, inputs: CreditInputs, now: bool) -> Texts:
    grades = inputs.present.copy() if now else np.full(len(inputs.present), None, dtype=object)
    for account, changes in inputs.changes.items():
        grades[account] = value_at(known.cutoff, grades[account], changes)
    return grades


def _paid_in_time(known: KnownHistory, grace_days: float) -> Floats:
    """Of the money that fell due in the last 365 days and whose days of grace are over, the share paid in them."""
    indices, due = payments_due(known)
    grace = round(grace_days * DAY_US)
    inside = (due >= known.cutoff - 365 * DAY_US) & (due + grace < known.cutoff)
    indices, due = indices[inside], due[inside]
    amount = np.nan_to_num(known.log.value("amount", indices), nan=1.0)
    paid = closed_at(known, indices, referral_closing(EventKind.PAYMENT_DUE))
    money, in_time = known.total(indices, amount), paid <= due + grace
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(money > 0, known.total(indices, amount * in_time) / money, np.nan)


def _credit_note(text: object) -> Mapping[str, object]:
    read = orjson.loads(text) if isinstance(text, str) and text else {}
    credit = read.get("credit") if isinstance(read, dict) else None
    return credit if isinstance(credit, dict) else {}


def _share(given: object) -> float:
    """A grade as points evenly spaced from 1 (A) to 0 (D), a number as it is where it is a share."""
    if isinstance(given, str) and given in GRADES:
        return 1.0 - GRADES.index(given) / (len(GRADES) - 1)
    is_share = isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given <= 1
    return float(given) if is_share else float("nan")  # type: ignore[arg-type]
