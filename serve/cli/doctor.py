"""`kqml doctor`: check that everything the service needs exists and works."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kqml.messages import text
from serve.cli.command import Answer, CommandContext
from serve.cli.layout import Table, Words

if TYPE_CHECKING:
    from serve.operations.doctor.finding import Part, State

STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


@dataclass(frozen=True)
class PartFinding:
    """What was found in a part of the installation. `code`: the same in every language."""

    part: "Part"
    state: "State"
    code: str
    text: str


@dataclass(frozen=True)
class DoctorResult:
    """What was found. `healthy`: nothing is broken; there may be warnings."""

    healthy: bool
    findings: list[PartFinding]


def run(context: CommandContext) -> Answer[DoctorResult]:
    """Check settings, disk, clock, secret keys, database, registry, served model and playbook, and change nothing.

    Exits with 1 if a check fails. Warnings alone exit with 0.

    Example: kqml doctor --language en
    """
    from serve.operations.doctor.checks import installation_of, run_checks

    findings = [
        PartFinding(
            part=finding.part,
            state=finding.state,
            code=f"{finding.part}.{finding.message}",
            text=text(f"doctor.{finding.part}.{finding.message}", context.language, **finding.values),
        )
        for finding in run_checks(installation_of(context.settings), context.now)
    ]
    healthy = all(finding.state != "failed" for finding in findings)
    return Answer(
        DoctorResult(healthy, findings),
        [_table(findings, Words("doctor", context.language))],
        exit_code=int(not healthy),
    )


def _table(findings: Sequence[PartFinding], words: Words) -> Table:
    state = words.column("head.state", lambda finding: words(f"state.{finding.state}"))
    columns = (
        words.column("head.part", lambda finding: words(f"part.{finding.part}")),
        replace(state, style=lambda finding: STYLES[finding.state]),
        words.column("head.found", lambda finding: finding.text),
    )
    return Table(columns, findings)
