"""The message catalogues: every sentence a person reads, in Chinese and in English.

One TOML file per topic and language beside this module (`zh/reasons.toml`, `en/reasons.toml`); a key is the topic,
a dot and the path inside the file (`reasons.longer_silent.rising`). Sentences are `str.format` templates.
"""

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("zh", "en")

_NEGATIVE_ZERO = re.compile(r"(?<![A-Za-z0-9_.,])-(?=0(?:[.,]0+)*(?![\d.,]*\d))")


def text(key: str, language: str, /, **values: object) -> str:
    """The sentence `key` in `language` with `values` filled in.

    Raises KeyError for a key or value that does not exist: a missing sentence is a defect, not an empty string.
    """
    topic, *path = key.split(".")
    result: Any = catalogue(topic, language)
    for step in path:
        result = result[step]
    if not isinstance(result, str):
        raise KeyError(f"{key} is not a sentence in {language}")
    return without_negative_zero(result.format(**values))


def without_negative_zero(words: str) -> str:
    """Return the text with `0`, `0.00` and `0%` where rounding left a minus before them."""
    return _NEGATIVE_ZERO.sub("", words) if "-0" in words else words


@cache
def catalogue(topic: str, language: str) -> dict[str, Any]:
    """One topic's sentences in one language, as nested tables."""
    if language not in LANGUAGES:
        raise KeyError(f"no messages in {language!r}; there are {', '.join(LANGUAGES)}")
    return tomllib.loads((resources.files(__name__) / language / f"{topic}.toml").read_text(encoding="utf-8"))
