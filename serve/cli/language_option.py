"""The language flag that every command with sentences shares."""

from enum import StrEnum
from typing import Annotated

import typer


class Language(StrEnum):
    """The languages that sentences come in."""

    ZH = "zh"
    EN = "en"


LanguageFlag = Annotated[
    Language | None, typer.Option("--language", help="Language of the sentences; else the setting KQML_LANGUAGE.")
]


def chosen_language(language: Language | None, setting: str) -> str:
    """The language asked for, else the setting's."""
    return language.value if language else setting
