"""A playbook as it is read back from what `kqml.playbook.reading.content_of` gave."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from kqml.playbook.playbook import Playbook


def playbook_from(content: Mapping[str, Any]) -> Playbook:
    """The playbook with that content. Raises ValueError where this program knows no such one."""
    return TypeAdapter(Playbook).validate_python(dict(content))
