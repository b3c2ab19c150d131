"""`kqml rollback`: make the previous champion the champion again."""

from typing import TYPE_CHECKING

from serve.cli.command import Answer, CommandContext
from serve.cli.layouts.alias_moves import show_move
from serve.cli.registry_options import Who, Why, user_name

if TYPE_CHECKING:
    from serve.usecases.promote_model import PromotionResult


def run(
    context: CommandContext,
    why: Why = "",
    who: Who = None,
) -> Answer["PromotionResult"]:
    """Make the previous champion the champion again, record the change and publish the model to the service.

    Run it repeatedly to go back further. Exits with 1 if there is no earlier champion.

    Example: kqml rollback --why "complaints from the reps"
    """
    from serve.usecases.promote_model import rollback_model

    move = rollback_model(who or user_name(), why, context.settings, context.now)
    return Answer(move, [show_move(vars(move), context.language)])
