"""`kqml promote`: a version becomes the champion, which the service follows."""

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
    version: Annotated[str, typer.Argument(help="Number of the version, or the alias it has now.")],
    context: CommandContext,
    alias: Annotated[Alias, typer.Option(help="What it becomes.")] = Alias.CHAMPION,
    why: Why = "",
    who: Who = None,
) -> Answer["PromotionResult"]:
    """Makes a version the champion, records who, when, why, hands it to the service.

    Exits with 1 where its grade is C or ungraded: such a model has not beaten a rule of thumb.

    Example: kqml promote 3 --why "better lift in the east"
    """
    from serve.usecases.promote_model import PromotionRequest, promote_model

    request = PromotionRequest(version, alias.value, who or user_name(), why)
    move = promote_model(request, context.settings, context.now)
    return Answer(move, [show_move(vars(move), context.language)])
