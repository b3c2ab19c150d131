"""What standings are made of: a log, the playbook, what the tables hold now."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kqml.dataset.folder import Dataset
from kqml.events import EventKind
from kqml.grades.credit import CreditInputs, credit_inputs
from kqml.grades.customer_card import FilledFields, filled_by_tables
from kqml.grades.depth import IN_TOUCH, SOLVING
from kqml.grades.sales import SIGNS
from kqml.history.attributes import AttributeChange, change_of
from kqml.history.event_log import LINKS, EventLog
from kqml.playbook import Playbook


@dataclass(frozen=True)
class GradeInputs:
    """Accounts with all that their standing is judged by. `now`: the end of the data; the tables count only from then
    on, since they are of now."""

    log: EventLog
    playbook: Playbook
    first_known: Mapping[EventKind, int]
    card: FilledFields
    credit: CreditInputs
    now: int
    time_zone: str

    def between(self, start: int, stop: int) -> "GradeInputs":
        """The accounts `start:stop`, only with events that matter here."""
        log = _narrowed(self.log.between(start, stop))
        matters = np.isin(log.kind, [kind.number for kind in _kinds(self.playbook)])
        card = FilledFields(self.card.fields, self.card.known[start:stop])
        credit = self.credit.between(start, stop)
        rest = (self.playbook, self.first_known, card, credit, self.now, self.time_zone)
        return GradeInputs(log.keep(matters), *rest)


def read_grade_inputs(dataset: Dataset, playbook: Playbook, now: int) -> GradeInputs:
    """The material of a whole dataset."""
    log, accounts = dataset.event_log(), dataset.accounts()
    card = filled_by_tables(accounts, dataset.contacts(), playbook.card)
    credit = credit_inputs(accounts, _credit_changes(dataset))
    return GradeInputs(log, playbook, dataset.info.first_known, card, credit, now, dataset.info.time_zone)


def _narrowed(log: EventLog) -> EventLog:
    """The log with the columns that matter here."""
    values = {name: column for name, column in log.values.items() if name in ("amount", "minutes", "authenticity")}
    codes = {name: column for name, column in log.codes.items() if name in ("contact_id", *LINKS)}
    return replace(log, values=values, codes=codes)


def _kinds(playbook: Playbook) -> set[EventKind]:
    omissions = playbook.emotional_omissions
    return {
        *IN_TOUCH,
        *SOLVING,
        *SIGNS,
        *playbook.counting.kinds["visit"],
        *(entry.kind for entry in playbook.emotional),
        *(omission.kind for omission in omissions),
        *(kind for omission in omissions for kind in omission.answered_by),
        *(EventKind.MESSAGE, EventKind.HELP_ASKED, EventKind.HELP_RECEIVED, EventKind.COMPLAINT),
        *(EventKind.PAYMENT_DUE, EventKind.PAYMENT_RECEIVED, EventKind.CARD_UPDATED),
    }


def _credit_changes(dataset: Dataset) -> dict[int, list[AttributeChange]]:
    """The changes of the credit grade by the index of their account in the log."""
    kind = EventKind.CREDIT_CHANGED
    if kind.code not in dataset.info.kinds_recorded or "attributes" not in dataset.event_columns():
        return {}
    log, changes = dataset.event_log(), dict[int, list[AttributeChange]]()
    rows = np.flatnonzero(log.kind == kind.number)
    notes = dataset.events(["account_id", "occurred_at", "attributes"], [kind])["attributes"].to_pylist()
    accounts, occurred = log.account[rows].tolist(), log.occurred_at[rows].tolist()
    times = zip(occurred, log.visible_at(rows).tolist(), log.retraction_of(rows).tolist(), strict=True)
    for account, when, note in zip(accounts, times, notes, strict=True):
        changes.setdefault(account, []).append(change_of(kind, when, json.loads(note or "{}")))
    return changes
