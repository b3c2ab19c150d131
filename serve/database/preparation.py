"""Open a database that is migrated and has its time zone."""

from sqlalchemy.exc import OperationalError

from kqml.errors import CouldNot, Fault
from serve.database.dataset_info import initialise_info
from serve.database.engine import Database, open_database
from serve.database.migration import upgrade


def open_prepared(address: str, time_zone: str) -> Database:
    """Open the database at an address and migrate it; a new one gets the time zone.

    Raises BadUse on an address that cannot be used, CouldNot where the database does not respond or a newer program
    migrated it.
    """
    database = open_database(address)
    try:
        upgrade(database)
        with database.writing() as connection:
            initialise_info(connection, time_zone)
    except OperationalError as error:
        todo = "start the database server or correct the address"
        fault = Fault(database.engine.url.render_as_string(), str(error.orig).strip(), todo)
        raise CouldNot("The database cannot be used.", [fault]) from error
    return database
