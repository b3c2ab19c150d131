"""A database made ready to be used: its tables as this program knows them, its time zone set."""

from sqlalchemy.exc import OperationalError

from kqml.errors import CouldNot, Fault
from serve.database.dataset_info import initialise_info
from serve.database.engine import Database, open_database
from serve.database.migration import upgrade


def open_prepared(address: str, time_zone: str) -> Database:
    """The database at an address, brought up to this program; one that is new gets the time zone.

    Raises BadUse on an address that cannot be one, CouldNot where the database does not answer or is a newer
    program's.
    """
    database = open_database(address)
    try:
        upgrade(database)
        with database.writing() as connection:
            initialise_info(connection, time_zone)
    except OperationalError as error:
        fault = Fault(
            database.engine.url.render_as_string(), str(error.orig).strip(), "start it, or correct the address"
        )
        raise CouldNot("The database's database cannot be used.", [fault]) from error
    return database
