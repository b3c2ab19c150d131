"""`kqml report grades`: how accounts stand by the playbook, with the evidence for one of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.errors import BadUse, Fault
from kqml.settings import read_settings
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit, progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from kqml.dataset.folder import Dataset
    from kqml.grades.account_evidence import AccountGradeDetail
    from kqml.grades.account_grades import AccountGrades
    from kqml.grades.inputs import GradeInputs

YEARS = 2


def run(  # noqa: PLR0913 - the flags of one command
    dataset: Annotated[Path, typer.Argument(help="Dataset folder, made by `kqml import`.")],
    account: Annotated[str | None, typer.Option(help="Show this account with all its evidence.")] = None,
    at: Annotated[
        str | None,
        typer.Option(help="A date or an instant with offset.", show_default="midnight after the last record"),
    ] = None,
    quarters: Annotated[int, typer.Option(min=0, max=40, help="Quarters of history.")] = 8,
    playbook: PlaybookFlag = None,
    out: Annotated[Path | None, typer.Option(help="File for all accounts and periods: .parquet or .csv.")] = None,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Grades every account by the playbook as it was known then: depth, relationship, 532 class, credit, overall class.

    With --account: the evidence for its level, the parts of its grades, the statement of its emotional account, what
    is missing on the customer card and worth asking next.

    Example: kqml report grades data/world --account S0000012 --at 2024-10-01
    """
    from kqml.dataset.folder import read_dataset
    from kqml.dataset.table_files import check_table_path
    from serve.cli.report_grades_tables import grades_json, print_grades

    if out is not None:
        check_table_path(out)
    settings = read_settings()
    rules, speech = read_playbook_in_force(playbook, settings), chosen_language(language, settings.language)
    with progress("Grading accounts", None):
        data = read_dataset(dataset)
        material, standings = _graded(data, rules, at, quarters)
        one = None if account is None else _one(material, standings, account)
        result = grades_json(data.info, rules, standings, one)
        result["written"] = None if out is None else _write(out, material, standings)
    emit(result, as_json, lambda console: print_grades(console, result, speech))


def _graded(
    dataset: "Dataset", playbook: Any, at: str | None, quarters: int
) -> "tuple[GradeInputs, tuple[AccountGrades, ...]]":
    from features.cutoffs import default_cutoff, parse_cutoff
    from kqml.grades import periods
    from kqml.grades.account_grades import grade_accounts
    from kqml.grades.inputs import read_grade_inputs

    zone = dataset.info.time_zone
    now = default_cutoff(dataset.event_log(), zone)
    request = now if at is None else parse_cutoff(at, zone)
    material = read_grade_inputs(dataset, playbook, now)
    began = min(material.recorded_since.values(), default=request)
    past = [*periods.quarters(request, zone, quarters), *periods.years(request, zone, YEARS)]
    history = [period for period in past if period.end > began]
    return material, grade_accounts(material, [periods.trailing(request), *history])


def _one(material: "GradeInputs", standings: "Sequence[AccountGrades]", account: str) -> "AccountGradeDetail":
    import numpy as np

    from kqml.grades.account_evidence import account_grade_detail

    indices = np.flatnonzero(material.log.accounts == account)
    if not len(indices):
        raise BadUse(
            "There is no such account.", [Fault("--account", f"{account!r}", "give an account_id of the data")]
        )
    return account_grade_detail(material, standings, int(indices[0]))


def _write(out: Path, material: "GradeInputs", standings: "Sequence[AccountGrades]") -> dict[str, Any]:
    from kqml.grades.grades_file import write_grades

    return {"out": str(out), "rows": write_grades(out, material.log.accounts, standings)}
