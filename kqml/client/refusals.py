"""How a call can fail: the service says no, or does not answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kqml.errors import CouldNot


@dataclass(frozen=True)
class ItemError:
    """One faulty item: a JSON pointer into what was sent, or the name of a parameter or header."""

    where: str
    detail: str


class ApiProblem(CouldNot):
    """The service's problem (RFC 9457): `kind` is the last part of its type, such as `invalid-request`."""

    def __init__(self, status: int, text: Mapping[str, Any]) -> None:
        self.status = status
        self.kind = str(text.get("type", "")).rpartition(":")[2] or "unknown"
        self.request_id = text.get("request_id")
        self.items = tuple(
            ItemError(item.get("pointer") or item.get("parameter", ""), item["detail"])
            for item in text.get("errors") or ()
        )
        detail = text.get("detail") or text.get("title") or "The service gave no reason."
        super().__init__(
            "\n".join([f"{status} {self.kind}: {detail}", *(f"  {i.where}: {i.detail}" for i in self.items)])
        )


class Unreachable(CouldNot):
    """The service did not answer, however often it was asked; what was sent may or may not have arrived."""
