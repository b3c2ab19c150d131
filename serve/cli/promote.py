"""`kqml promote`: make a version the champion, which the service follows."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from serve.cli.command import Answer, CommandContext
from serve.cli.layouts.alias_moves import show_move
from serve.cli.registry_options import Who, Why, user_name

if TYPE_CHECKING:
    from serve.usecases.promote_model import PromotionResult


class Alias(StrEnum):
    """The names a version can be given."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


def run(
    version: Annotated[str, typer.Argument(help="Version number or current alias.")],
    context: CommandContext,
    alias: Annotated[Alias, typer.Option(help="Alias to assign.")] = Alias.CHAMPION,
    why: Why = "",
    who: Who = None,
) -> Answer["PromotionResult"]:
    """Make a version the champion, record the change and publish the model to the service.

    A champion that the service lost, or whose published files were changed, is published again.
    Exits with 1 if the version is ungraded or has grade C: it has not beaten the best recency rule.

    Example: kqml promote 3 --why "better lift in the east"
    """
    from serve.usecases.promote_model import PromotionRequest, promote_model

    request = PromotionRequest(version, alias.value, who or user_name(), why)
    move = promote_model(request, context.settings, context.now)
    return Answer(move, [show_move(vars(move), context.language)])
