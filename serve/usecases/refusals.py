"""What use cases refuse: faulty requests, unknown records, conflicts with the stored state."""

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


class UnknownRecord(Exception):
    """Raised for an id that names no record, or none that the caller may see."""

    def __init__(self, kind: str, record_id: str) -> None:
        super().__init__(f"The {kind} {record_id!r} does not exist.")


class StateConflict(Exception):
    """Raised where the stored state does not allow the change."""


class NotAllowed(Exception):
    """Raised where the caller may not do a part of the request: what that takes, every such part."""

    def __init__(self, detail: str, faults: Sequence[RequestFault]) -> None:
        super().__init__(detail)
        self.faults = tuple(faults)


def refuse(faults: Sequence[RequestFault]) -> None:
    """Raise FaultyRequest if there are any faults."""
    if faults:
        raise FaultyRequest(faults)
