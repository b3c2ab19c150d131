"""The refusal of a request some of whose items cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RequestFault:
    """One faulty item: the path to it in the request, what is wrong there."""

    path: tuple[str | int, ...]
    detail: str


class FaultyRequest(Exception):
    """Raised with every fault of a request that only reading the whole can find; nothing was done."""

    def __init__(self, faults: Sequence[RequestFault]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.detail}" for fault in faults))
        self.faults = tuple(faults)
