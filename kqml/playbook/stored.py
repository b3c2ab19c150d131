"""A playbook as it is read back from what `kqml.playbook.reading.content_of` gave."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from kqml.playbook.playbook import Playbook
from kqml.playbook.reading import fingerprint_of


def playbook_from(content: Mapping[str, Any]) -> Playbook:
    """The playbook with that content, with its fingerprint. Raises ValueError where this program knows no such one."""
    playbook = TypeAdapter(Playbook).validate_python(dict(content))
    return replace(playbook, fingerprint=fingerprint_of(playbook))
