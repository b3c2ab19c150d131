"""`kqml rollback`: the champion before this one is champion again."""

from typing import Annotated

import typer

from kqml.settings import read_settings
from serve.cli.output import emit
from serve.cli.registry import Who, Why, move_json, print_move, registry_client, signed_move


def run(
    why: Why = "",
    who: Who = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Gives the alias champion back to the version that had it before, records it, hands it to the service.

    Again and again it goes back one champion at a time. Exits with 1 where there is no earlier one.

    Example: kqml rollback --why "complaints from the reps"
    """
    from models.registry.aliases import rollback
    from models.registry.publishing import publish

    settings = read_settings()
    registry = registry_client(settings)
    move = rollback(registry, signed_move(who, why))
    published = publish(registry, settings.served.absolute())
    emit(move_json(move, published), as_json, lambda console: print_move(console, move, settings.language))
