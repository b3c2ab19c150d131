"""`kqml webhooks dead`: messages that were given up."""

from typing import Annotated

import typer

from kqml.settings import read_settings
from serve.cli.administration import Json, iso, open_settings_database, print_table
from serve.cli.output import emit


def run(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the latest first.")] = 100,
    as_json: Json = False,
) -> None:
    """Lists messages that no attempt could deliver, each with why the last one failed.

    Example: kqml webhooks dead
    """
    from serve.webhooks.records import list_dead

    settings = read_settings()
    with open_settings_database(settings) as database, database.reading() as connection:
        dead = [{**row, "dead_at": iso(row["dead_at"])} for row in list_dead(connection, limit)]
    emit({"dead": dead}, as_json, lambda console: print_table(console, settings.language, "security.dead", dead))
