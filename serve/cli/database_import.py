"""Dataset folders put into the store from the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import Settings
from serve.cli.administration import now
from serve.cli.database_option import FLAG, open_database_option
from serve.cli.output import progress

if TYPE_CHECKING:
    from rich.console import Console


def load(folder: Path, flag: str, settings: Settings) -> dict[str, int]:
    """Puts a dataset folder into the store; the counts."""
    from kqml.dataset.folder import read_dataset
    from serve.database.dataset_import import load_dataset

    dataset = read_dataset(folder)
    with open_database_option(flag, settings) as result, progress("Into the store", None) as advance:
        return asdict(load_dataset(result.database, dataset, now(), result.vault, advance))


def load_folder(files: Sequence[Path], flag: str | None, settings: Settings) -> dict[str, int]:
    """The same for a command line without a mapping. Raises BadUse unless it names one dataset folder and a store."""
    if flag is None or len(files) != 1 or not (files[0] / "dataset.json").is_file():
        todo = f"name a mapping, or one dataset folder with {FLAG}"
        raise BadUse("It is not clear how to read the data.", [Fault("--mapping", "is absent", todo)])
    return load(files[0], flag, settings)


def print_loaded(console: "Console", stored: Mapping[str, int], language: str) -> None:
    """The counts in a sentence."""
    console.print(text("commands.load.done", language, **stored), markup=False, highlight=False, soft_wrap=True)
