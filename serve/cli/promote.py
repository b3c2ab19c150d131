"""`kqml promote`: a version becomes the champion, which the service follows."""

from enum import StrEnum
from typing import Annotated

import typer

from kqml.settings import read_settings
from serve.cli.output import emit
from serve.cli.registry import Who, Why, move_json, print_move, registry_client, signed_move


class Alias(StrEnum):
    """The names a version can be given."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


def run(
    version: Annotated[str, typer.Argument(help="Number of the version, or the alias it has now.")],
    alias: Annotated[Alias, typer.Option(help="What it becomes.")] = Alias.CHAMPION,
    why: Why = "",
    who: Who = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Makes a version the champion, records who, when, why, hands it to the service.

    Exits with 1 where its grade is C or ungraded: such a model has not beaten a rule of thumb.

    Example: kqml promote 3 --why "better lift in the east"
    """
    from models.registry.aliases import promote
    from models.registry.publishing import publish

    settings = read_settings()
    registry = registry_client(settings)
    move = promote(registry, version, signed_move(who, why), alias.value)
    published = publish(registry, settings.served.absolute()) if alias is Alias.CHAMPION else None
    emit(move_json(move, published), as_json, lambda console: print_move(console, move, settings.language))
