"""The store's database: does it answer, is it whole, does it have this program's tables."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from serve.database.engine import Store, open_store, parse_address
from serve.database.migration import revision, revisions
from serve.database.tables import EVENTS
from serve.operations.doctor.finding import Finding, broken, doubtful, well
from serve.security.startup_checks import knows_somebody

CLOCKS_APART_SECONDS = 2.0


def look_at_database(address: str, now: int) -> tuple[list[Finding], int | None]:
    """What is found, and when the newest event arrived. Nothing is made, moved or migrated by looking."""
    url = parse_address(address)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return [doubtful("database", "absent", address=shown)], None
    store = open_store(address)
    try:
        with store.reading() as connection:
            return _seen(store, connection, shown, now)
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return [broken("database", "silent", address=shown, why=why)], None
    finally:
        store.close()


def _seen(store: Store, connection: Connection, shown: str, now: int) -> tuple[list[Finding], int | None]:
    here, known = revision(connection), revisions()
    if here is not None and here not in known:
        return [broken("database", "newer", address=shown, revision=here)], None
    if here != known[-1]:
        return [doubtful("database", "older", address=shown, revision=here or "–", newest=known[-1])], None
    findings = list(_health(store, connection, shown, now))
    newest = connection.execute(select(func.max(EVENTS.c.received_at))).scalar_one()
    if not knows_somebody(connection):
        findings.append(doubtful("access", "nobody"))
    return findings or [well("database", "well", address=shown, revision=here)], newest


def _health(store: Store, connection: Connection, shown: str, now: int) -> Iterator[Finding]:
    if store.is_sqlite:
        told = connection.exec_driver_sql("PRAGMA quick_check").scalar_one()
        if told != "ok":
            yield broken("database", "damaged", address=shown, why=told)
            return
    else:
        if connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one():
            yield broken("database", "standby", address=shown)
        theirs = connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one()
        apart = abs(float(theirs) - now / 1_000_000)
        if apart > CLOCKS_APART_SECONDS:
            yield doubtful("clock", "apart", seconds=f"{apart:.0f}")
    yield well("database", "well", address=shown, revision=revision(connection))
