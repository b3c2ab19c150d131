"""Copy databases in use: SQLite by its backup API, PostgreSQL by its tools."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from kqml.errors import CouldNot, Fault

_JOURNAL_ENDINGS = ("-wal", "-shm")


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy the database as of one moment, whatever is written meanwhile."""
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)


def place_sqlite(copy: Path, target: Path) -> None:
    """Replace the database by the copy in one step and delete the journal files of the old one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.restored")
    shutil.copyfile(copy, fresh)
    with fresh.open("rb") as written:
        os.fsync(written.fileno())
    for ending in _JOURNAL_ENDINGS:
        target.with_name(target.name + ending).unlink(missing_ok=True)
    fresh.replace(target)


def dump_postgresql(url: URL, target: Path) -> None:
    """Dump the database. Raises CouldNot where `pg_dump` is missing or fails."""
    _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}", _plain(url)], url)


def load_postgresql(dump: Path, url: URL) -> None:
    """Replace the contents of the database, whole or not at all. Raises CouldNot where `pg_restore` is missing or
    fails."""
    flags = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _run(["pg_restore", *flags, f"--dbname={_plain(url)}", str(dump)], url)


def _plain(url: URL) -> str:
    """The address in the format of PostgreSQL's tools; the password is passed in the environment, where `ps` does not
    show it."""
    shown = url.set(drivername="postgresql", password=None)
    return shown.render_as_string(hide_password=False)


def _run(command: list[str], url: URL) -> None:
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    try:
        subprocess.run(command, env={**os.environ, **password}, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        fault = Fault(
            command[0], "is not on the PATH", "install the PostgreSQL client programs of the server's version"
        )
        raise CouldNot("The PostgreSQL client programs are missing.", [fault]) from error
    except subprocess.CalledProcessError as error:
        result = (error.stderr or "").strip().splitlines()
        fault = Fault(
            command[0], result[0] if result else f"exit code {error.returncode}", "correct this and try again"
        )
        raise CouldNot("The database could not be copied.", [fault]) from error
