"""Check the machine: its clock, its disk, the file of secret keys."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from kqml.calendar.business_time import instant_of, moment_of
from kqml.errors import BadUse
from serve.operations.doctor.finding import CheckResult, failed_check, passed_check, warning_check
from serve.security.encryption import read_cipher

GIB = 2**30
LEAST_FREE, LITTLE_FREE = 1 * GIB, 5 * GIB
EARLIEST_NOW = instant_of(datetime(2026, 1, 1, tzinfo=UTC))
"""This program is younger."""


def check_clock(now: int, newest_receipt: int | None) -> CheckResult:
    """Check that the clock is not behind `newest_receipt`, when the newest event arrived."""
    if now < EARLIEST_NOW:
        return failed_check("clock", "past", now=_iso(now))
    if newest_receipt is not None and newest_receipt > now:
        return failed_check("clock", "behind", now=_iso(now), newest=_iso(newest_receipt))
    return passed_check("clock", "well", now=_iso(now))


def check_disk(home: Path) -> CheckResult:
    """Check for space, and that the home folder, or its parent where it does not exist yet, can be written to."""
    folder = next(place for place in (home, *home.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(folder).free
    values = {"home": str(home), "free": f"{free / GIB:.1f}"}
    try:
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"kqml")
    except OSError as error:
        return failed_check("disk", "closed", why=error.strerror or str(error), **values)
    if free < LEAST_FREE:
        return failed_check("disk", "full", **values)
    return warning_check("disk", "little", **values) if free < LITTLE_FREE else passed_check("disk", "well", **values)


def check_secrets(setting: str | None, file: Path) -> Iterator[CheckResult]:
    """Check the keys of the setting, else of the file; nothing of them is shown."""
    if setting is not None:
        yield _evaluate(setting, "KQML_SECRET_KEYS")
    elif not file.exists():
        yield warning_check("secrets", "absent", file=str(file))
    else:
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            yield failed_check("secrets", "open", file=str(file), mode=f"{mode:o}")
        yield _evaluate(file.read_text(encoding="ascii", errors="replace"), str(file))


def _evaluate(keys: str, place: str) -> CheckResult:
    try:
        read_cipher(keys)
    except BadUse as error:
        return failed_check("secrets", "unusable", place=place, why=error.message)
    return passed_check("secrets", "well", place=place)


def _iso(instant: int) -> str:
    return moment_of(instant).isoformat(timespec="seconds")
