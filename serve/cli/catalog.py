"""`kqml catalog`: list every feature with its meaning and purpose."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kqml.messages import text
from serve.cli.command import Answer, CommandContext
from serve.cli.layout import Block, Line
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.list_features import FeatureDescription, FeatureList


def run(context: CommandContext, playbook: PlaybookFlag = None) -> Answer["FeatureList"]:
    """List all features with name, purpose, group, reason code and expected direction.

    Example: kqml catalog --language en
    """
    from serve.usecases.list_features import list_features

    result = list_features(read_playbook_in_force(playbook, context.settings), context.language)
    return Answer(result, _blocks(result.features, context.language))


def _blocks(features: "Sequence[FeatureDescription]", language: str) -> Iterator[Block]:
    for feature in features:
        group = text(f"features.groups.{feature.group}", language)
        direction = text(f"features.directions.{feature.direction}", language)
        yield Line(feature.column, "bold")
        yield Line(f"  {feature.name}")
        yield Line(f"  {group} · {feature.code} · {direction}")
        yield Line(f"  {feature.why}")
