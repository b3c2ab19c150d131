"""Check what a dataset is good for, and whether its files are still those that were written."""

from pathlib import Path

from kqml.dataset.folder import read_dataset
from kqml.importing import checking
from kqml.importing.report import UsabilityReport


def check_dataset(folder: Path, now: int) -> UsabilityReport:
    """Return the usability report of a dataset folder. Raises CouldNot where its files cannot be read."""
    return checking.check_dataset(read_dataset(folder), now)
