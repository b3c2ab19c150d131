"""What became of records that were sent."""

from typing_extensions import TypedDict

from kqml.contract.fields import Moment


class EventsTaken(TypedDict):
    """What became of a batch of events, each id counted once. `added`: not there before; `known`: there already, with
    the same content."""

    added: int
    known: int
    received_at: Moment


class RecordsPut(TypedDict):
    """How many records of a batch were new, changed, the same as before."""

    created: int
    changed: int
    same: int
