"""Responses to requests that put records in."""

from typing_extensions import TypedDict

from kqml.contract.fields import Moment


class EventsTaken(TypedDict):
    """Counts of a batch of events, each id once. `added`: new; `known`: stored before with the same content."""

    added: int
    known: int
    received_at: Moment


class RecordsPut(TypedDict):
    """How many records of a batch were created, changed, unchanged."""

    created: int
    changed: int
    same: int
