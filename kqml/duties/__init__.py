"""What the playbook's rules owe every account: due, done, overdue, waived at a cutoff."""

from kqml.duties.compliance import compliance
from kqml.duties.engine import list_duties
from kqml.duties.inputs import DutyInputs, duty_inputs, read_duty_inputs
from kqml.duties.period import Period, month, week
from kqml.duties.table import SCHEMA

__all__ = [
    "SCHEMA",
    "DutyInputs",
    "Period",
    "compliance",
    "duty_inputs",
    "list_duties",
    "month",
    "read_duty_inputs",
    "week",
]
