"""A scoring request: the accounts of a log at one cutoff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from features.context import Context
from features.peers import PeerReference
from kqml.history.event_log import EventLog

Words = Sequence[str | None]


@dataclass(frozen=True)
class ScoringRequest:
    """Every account of `log` at `cutoff`.

    `profile`: per column (tier, segment, region) one word or None per account of the log. `reference`: what accounts
    are compared with; None compares those asked about with each other, as a nightly run over all of them does.
    """

    log: EventLog
    context: Context
    cutoff: int
    profile: Mapping[str, Words] = field(default_factory=dict)
    reference: PeerReference | None = None
