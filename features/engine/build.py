"""The feature matrix: chunks of accounts on a thread pool."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from features.context import Context
from features.engine.arrays import log_arrays, row_arrays, world_arrays
from features.engine.cache import kernels
from features.engine.peering import compare_with_targets, reference_of, subtract_peers
from features.engine.scratch import make_scratch
from features.peers import PeerCells, PeerReference, Peers
from features.plan import FeaturePlan
from features.rows import Rows
from kqml.calendar.business_time import Instants
from kqml.history.event_log import EventLog

CHUNK = 4096
"""Rows a thread takes at once, up to the next account: a few megabytes, which the allocator and caches reuse."""

Matrix = NDArray[np.float64]
Part = tuple[slice, Matrix]
Item = TypeVar("Item")
Done = TypeVar("Done")


def build_features(
    log: EventLog,
    rows: Rows,
    plan: FeaturePlan,
    context: Context,
    *,
    peers: Peers | None = None,
    threads: int = 2,
    chunk: int = CHUNK,
) -> Matrix:
    """Return the matrix (R, F) of `rows` by `plan.columns`; NaN is missing.

    The same bits whatever `threads`, `chunk` or the other accounts are (peer columns: given the same reference).
    Without `peers` all rows of a cutoff are alike.
    """
    out = np.empty((len(rows), len(plan.columns)))
    fill = filler(log, rows, plan, context)
    spans = spans_of(rows, chunk)
    for _ in in_order(lambda span: fill(span, out[span]), spans, min(threads, len(spans))):
        pass
    peers = peers or Peers(PeerCells.none(len(rows)))
    compare_with_targets(out, plan, peers.cells)
    if len(plan.peers):
        own = np.ascontiguousarray(out[:, plan.peers])
        reference = peers.reference or reference_of(plan, rows, peers.cells, [(slice(0, len(rows)), own)])
        subtract_peers(out, plan, rows.cutoff, peers.cells, reference)
    return out


def stream_features(
    log: EventLog,
    rows: Rows,
    plan: FeaturePlan,
    context: Context,
    *,
    peers: Peers | None = None,
    threads: int = 2,
    chunk: int = CHUNK,
) -> Iterator[Part]:
    """Yield the same matrix part by part, in the order of rows; a few chunks are in memory at a time."""
    peers = peers or Peers(PeerCells.none(len(rows)))
    reference = peers.reference
    if reference is None and len(plan.peers):
        reference = build_reference(log, rows, plan, context, peers.cells, threads)
    for part, out in _stream_own(log, rows, plan, context, threads, chunk):
        finish(out, plan, rows.cutoff[part], peers.cells.between(part.start, part.stop), reference)
        yield part, out


def finish(
    out: Matrix, plan: FeaturePlan, cutoffs: Instants, cells: PeerCells, reference: PeerReference | None
) -> None:
    """Compare the accounts' own numbers with targets and peers, in place."""
    compare_with_targets(out, plan, cells)
    if reference is not None and len(plan.peers):
        subtract_peers(out, plan, cutoffs, cells, reference)


def build_reference(
    log: EventLog, rows: Rows, plan: FeaturePlan, context: Context, cells: PeerCells, threads: int = 2
) -> PeerReference:
    """Return the means of the plan's peer columns per cutoff and cell over `rows`."""
    own = plan.only(plan.peers.tolist())
    return reference_of(own, rows, cells, _stream_own(log, rows, own, context, threads, CHUNK))


def _stream_own(
    log: EventLog, rows: Rows, plan: FeaturePlan, context: Context, threads: int, chunk: int
) -> Iterator[Part]:
    """Yield parts in which a peer column still holds the account's own number."""
    fill = filler(log, rows, plan, context)

    def make(span: slice) -> Part:
        out = np.empty((span.stop - span.start, len(plan.columns)))
        fill(span, out)
        return span, out

    spans = spans_of(rows, chunk)
    return in_order(make, spans, min(threads, len(spans)))


def filler(log: EventLog, rows: Rows, plan: FeaturePlan, context: Context) -> Callable[[slice, Matrix], None]:
    """Return a function that fills a range of whole accounts; peer columns get the accounts' own numbers."""
    # Converted once, outside of the threads: all chunks read the same arrays.
    kernel = kernels()
    events, world, request = log_arrays(log, plan.notes), world_arrays(context), row_arrays(rows)

    def fill(span: slice, out: Matrix) -> None:
        # Per chunk, sized by its largest account: threads share nothing that is written.
        scratch = make_scratch(plan.room, *kernel.largest(events, request, span.start, span.stop))
        kernel.fill_rows(events, world, plan.arrays, request, span.start, scratch, out)

    return fill


def spans_of(rows: Rows, chunk: int) -> list[slice]:
    """Return ranges of about `chunk` rows that begin with a new account."""
    if len(rows) <= chunk:
        return [slice(0, len(rows))] if len(rows) else []
    # A chunk never splits an account, whose rows share loaded events.
    fresh = np.flatnonzero(np.diff(rows.account)) + 1
    wanted = np.searchsorted(fresh, np.arange(chunk, len(rows), chunk))
    edges = np.unique([0, *fresh[wanted[wanted < len(fresh)]].tolist(), len(rows)])
    return [slice(start, stop) for start, stop in pairwise(edges.tolist())]


def in_order(work: Callable[[Item], Done], items: Iterable[Item], threads: int) -> Iterator[Done]:
    """Yield `work(item)` of every item in order, computed on so many threads.

    At most `threads` + 1 results wait at a time; no further item is taken from `items` before one is fetched.
    """
    if threads <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        pending: deque[Future[Done]] = deque()
        for item in items:
            # One result more than threads may wait: workers stay busy while the caller writes, memory stays bounded.
            if len(pending) > threads:
                yield pending.popleft().result()
            pending.append(pool.submit(work, item))
        while pending:
            yield pending.popleft().result()
