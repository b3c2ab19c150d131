"""What the playbook's rules owe every account: due, done, overdue, waived at a cutoff."""

from kqml.duties.compliance import compliance
from kqml.duties.engine import duties
from kqml.duties.inputs import DutyBook, book_of, read_book
from kqml.duties.period import Period, month, week
from kqml.duties.table import SCHEMA

__all__ = ["SCHEMA", "DutyBook", "Period", "book_of", "compliance", "duties", "month", "read_book", "week"]
