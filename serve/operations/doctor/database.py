"""Check the database: it responds, is intact, has the tables of this program."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from serve.database.engine import Database, open_database, parse_address
from serve.database.migration import revision, revisions
from serve.database.tables import EVENTS
from serve.operations.doctor.finding import CheckResult, failed_check, passed_check, warning_check
from serve.security.startup_checks import has_credentials

CLOCKS_APART_SECONDS = 2.0


def check_database(address: str, now: int) -> tuple[list[CheckResult], int | None]:
    """Return the results and when the newest event arrived. Nothing is created, moved or migrated."""
    url = parse_address(address)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return [warning_check("database", "absent", address=shown)], None
    database = open_database(address)
    try:
        with database.reading() as connection:
            return _seen(database, connection, shown, now)
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return [failed_check("database", "silent", address=shown, why=why)], None
    finally:
        database.close()


def _seen(database: Database, connection: Connection, shown: str, now: int) -> tuple[list[CheckResult], int | None]:
    here, known = revision(connection), revisions()
    if here is not None and here not in known:
        return [failed_check("database", "newer", address=shown, revision=here)], None
    if here != known[-1]:
        return [warning_check("database", "older", address=shown, revision=here or "–", newest=known[-1])], None
    findings = list(_health(database, connection, shown, now))
    newest = connection.execute(select(func.max(EVENTS.c.received_at))).scalar_one()
    if not has_credentials(connection):
        findings.append(warning_check("access", "nobody"))
    return findings or [passed_check("database", "well", address=shown, revision=here)], newest


def _health(database: Database, connection: Connection, shown: str, now: int) -> Iterator[CheckResult]:
    if database.is_sqlite:
        result = connection.exec_driver_sql("PRAGMA quick_check").scalar_one()
        if result != "ok":
            yield failed_check("database", "damaged", address=shown, why=result)
            return
    else:
        if connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one():
            yield failed_check("database", "standby", address=shown)
        theirs = connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one()
        apart = abs(float(theirs) - now / 1_000_000)
        if apart > CLOCKS_APART_SECONDS:
            yield warning_check("clock", "apart", seconds=f"{apart:.0f}")
    yield passed_check("database", "well", address=shown, revision=revision(connection))
