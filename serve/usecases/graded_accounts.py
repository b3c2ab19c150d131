"""The grades of all accounts as rows of the database."""

from collections.abc import Container, Iterator
from typing import Any

from kqml.dataset.folder import Dataset
from kqml.grades import periods
from kqml.grades.account_grades import grade_accounts
from kqml.grades.inputs import read_grade_inputs
from kqml.playbook import Playbook
from serve.database.account_grades import GRADES
from serve.usecases.plain_values import plain_value


def grade_rows(dataset: Dataset, playbook: Playbook, cutoff: int, objected: Container[str]) -> Iterator[dict[str, Any]]:
    """Yield the grades of each account at a cutoff by the year before it, without accounts that object."""
    material = read_grade_inputs(dataset, playbook, cutoff)
    (graded,) = grade_accounts(material, [periods.trailing(cutoff)])
    for index, name in enumerate(material.log.accounts.tolist()):
        if name not in objected:
            yield {"account_id": name, **{column: plain_value(graded.columns[column][index]) for column in GRADES}}
