"""`kqml doctor`: whether everything that the service needs is there and works."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.messages import text
from kqml.settings import Settings, read_settings
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit
from serve.cli.registry import registry_client

if TYPE_CHECKING:
    from rich.console import Console

    from serve.operations.doctor.checks import Installation
    from serve.operations.doctor.finding import CheckResult


def run(
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Checks settings, disk, clock, secret keys, database, registry, served model and playbook; changes nothing.

    Exits with 1 where something is broken; warnings alone leave 0.

    Example: kqml doctor --language en
    """
    from serve.operations.doctor.checks import run_checks

    settings = read_settings()
    spoken_in = chosen_language(language, settings.language)
    result = run_checks(_installation(settings), time.time_ns() // 1000)
    results = [
        {
            "part": finding.part,
            "state": finding.state,
            "code": f"{finding.part}.{finding.message}",
            "text": text(f"doctor.{finding.part}.{finding.message}", spoken_in, **finding.values),
        }
        for finding in result
    ]
    healthy = all(finding.state != "failed" for finding in result)
    emit(
        {"healthy": healthy, "findings": results}, as_json, lambda console: _print(console, result, results, spoken_in)
    )
    if not healthy:
        raise SystemExit(1)


def _installation(settings: Settings) -> "Installation":
    from serve.operations.doctor.checks import Installation

    return Installation(
        home=settings.home.absolute(),
        served=settings.served.absolute(),
        database=settings.database_address,
        registry=registry_client(settings),
        playbook=settings.playbook.file,
        secret_keys=None if settings.secret_keys is None else settings.secret_keys.get_secret_value(),
        secret_file=settings.secret_file.absolute(),
    )


def _print(console: "Console", result: list["CheckResult"], details: list[dict[str, str]], language: str) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(*(text(f"doctor.head.{head}", language) for head in ("part", "state", "found")))
    styles = {"ok": "green", "warning": "yellow", "failed": "bold red"}
    for finding, row in zip(result, details, strict=True):
        state = Text(text(f"doctor.state.{finding.state}", language), styles[finding.state])
        table.add_row(text(f"doctor.part.{finding.part}", language), state, Text(row["text"]))
    console.print(table)
