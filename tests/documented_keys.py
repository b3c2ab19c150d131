"""The API keys that a page of the documentation creates."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
_CREATED = re.compile(r"kqml keys create (\w+)([^\n#`]*)")


def documented_keys(page: str) -> dict[str, set[str]]:
    """Name of a key → its scopes."""
    text = re.sub(r"\\\n\s*", " ", (DOCS / page).read_text(encoding="utf-8"))
    return {name: set(re.findall(r"--scope (\S+)", words)) for name, words in _CREATED.findall(text)}
