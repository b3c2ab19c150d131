"""Retracted events: cutoffs between which no retraction becomes known see the same events of an account."""

from features.context import NEVER
from features.engine.arrays import LogArrays
from features.engine.jit import inlined


@inlined
def next_retraction(log: LogArrays, account: int, cutoff: int) -> int:
    """The last cutoff from `cutoff` on that sees all events of an account that `cutoff` sees."""
    until = NEVER
    if len(log.retracted_at):
        for event in range(log.offsets[account], log.offsets[account + 1]):
            if cutoff <= log.retracted_at[event] < until:
                until = log.retracted_at[event]
    return until


@inlined
def is_retracted(log: LogArrays, event: int, cutoff: int) -> bool:
    """Whether a cutoff no longer sees an event."""
    return len(log.retracted_at) > 0 and log.retracted_at[event] < cutoff
