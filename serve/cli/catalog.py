"""`kqml catalog`: every feature with what it means, why it is there."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from kqml.settings import read_settings
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from features.definitions import Feature


def run(
    playbook: PlaybookFlag = None,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prints every feature: its name, why it is there, its group, reason code, expected direction.

    Example: kqml catalog --language en
    """
    from features.catalog import catalog, catalog_fingerprint

    settings = read_settings()
    speech = chosen_language(language, settings.language)
    features = catalog(read_playbook_in_force(playbook, settings))
    result = {
        "fingerprint": catalog_fingerprint(features),
        "features": [_described(feature, speech) for feature in features],
    }
    emit(result, as_json, lambda console: _print(console, result["features"], speech))


def _described(feature: "Feature", language: str) -> dict[str, Any]:
    from features.catalog import named, why

    return {
        "column": feature.column,
        "name": named(feature, language),
        "group": feature.group.value,
        "code": feature.code.value,
        "is_cause": feature.code.is_cause,
        "direction": feature.direction.value,
        "why": why(feature, language),
        "fill": feature.fill,
    }


def _print(console: Console, features: Any, language: str) -> None:
    from kqml.messages import text

    for one in features:
        group = text(f"features.groups.{one['group']}", language)
        direction = text(f"features.directions.{one['direction']}", language)
        console.print(one["column"], style="bold", soft_wrap=True, highlight=False)
        lines = (one["name"], f"{group} · {one['code']} · {direction}", one["why"])
        console.print("\n".join(f"  {line}" for line in lines), soft_wrap=True, highlight=False, markup=False)
