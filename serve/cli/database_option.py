"""The option by which commands use the database instead of a dataset folder."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from kqml.errors import BadUse, Fault
from kqml.settings import Settings
from serve.cli.administration import personal_data_cipher

if TYPE_CHECKING:
    from kqml.dataset.folder import Dataset
    from serve.usecases.database_access import OpenDatabase

FLAG = "--database"
OWN = "own"
"""The value of the option without an address: the database of the settings."""

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        FLAG,
        metavar="[ADDRESS]",
        help="Database URL: sqlite:///FILE or postgresql://… Default: KQML_DATABASE_URL, else kqml.db in KQML_HOME.",
    ),
]


class Command(TyperCommand):
    """A command whose `--database` needs no address."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, with_address(args))


def with_address(words: Sequence[str]) -> list[str]:
    """Return the words of a command line, every `--database` without an address followed by OWN."""
    completed: list[str] = []
    for index, word in enumerate(words):
        completed.append(word)
        following = words[index + 1] if index + 1 < len(words) else ""
        if word == FLAG and "://" not in following and following != OWN:
            completed.append(OWN)
    return completed


@contextmanager
def open_database_option(flag: str, settings: Settings) -> Iterator["OpenDatabase"]:
    """Open the database that the option names and migrate it."""
    from serve.usecases.database_access import open_database

    address = settings.database_address if flag == OWN else flag
    with open_database(address, settings.time_zone, personal_data_cipher(settings)) as database:
        yield database


def refuse_unclear_source(folder: Path | None, flag: str | None) -> None:
    """Raise BadUse unless exactly one of the two is given."""
    if (folder is None) == (flag is None):
        fault = Fault(f"DATASET, {FLAG}", "exactly one is required", "give a dataset folder or --database")
        raise BadUse("The source of the data is missing or ambiguous.", [fault])


def read_source(folder: Path | None, flag: str | None, settings: Settings, *, filled_fields: bool = False) -> "Dataset":
    """Read the folder, else the database that the flag names into memory, without the personal fields of contacts; with
    `filled_fields` these have a mark where they are filled in.

    Raises BadUse unless exactly one of them is given.
    """
    from kqml.dataset.folder import read_dataset

    refuse_unclear_source(folder, flag)
    if flag is None:
        assert folder is not None
        return read_dataset(folder)
    from serve.usecases.database_access import read_marked_dataset, read_masked_dataset

    with open_database_option(flag, settings) as opened:
        return (read_marked_dataset if filled_fields else read_masked_dataset)(opened.database)
