"""The message catalogues: every sentence a person reads, in Chinese and in English.

One TOML file per topic and language beside this module (`zh/reasons.toml`, `en/reasons.toml`); a key is the topic,
a dot and the path inside the file (`reasons.longer_silent.rising`). Sentences are `str.format` templates.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("zh", "en")


def text(key: str, language: str, /, **values: object) -> str:
    """The sentence `key` in `language` with `values` filled in.

    Raises KeyError for a key or value that does not exist: a missing sentence is a defect, not an empty string.
    """
    topic, *path = key.split(".")
    found: Any = catalogue(topic, language)
    for step in path:
        found = found[step]
    if not isinstance(found, str):
        raise KeyError(f"{key} is not a sentence in {language}")
    return found.format(**values)


@cache
def catalogue(topic: str, language: str) -> dict[str, Any]:
    """One topic's sentences in one language, as nested tables."""
    if language not in LANGUAGES:
        raise KeyError(f"no messages in {language!r}; there are {', '.join(LANGUAGES)}")
    return tomllib.loads((resources.files(__name__) / language / f"{topic}.toml").read_text(encoding="utf-8"))
