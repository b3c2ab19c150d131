"""The matrix of a whole dataset in bounded memory, built chunk by chunk."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.chunks import EVENTS, Chunk, chunks_of
from features.context import context_of
from features.definitions import atoms_of
from features.engine.build import filler, finish, in_order
from features.engine.peering import ReferenceSums
from features.peers import PeerCells, PeerReference
from features.plan import FeaturePlan
from features.profile import cells_of, profile_of, reads_attributes
from features.rows import Rows
from features.rules import COUNTED, Card, CountingRule, Ledger
from kqml.calendar.business_time import Instants
from kqml.dataset.folder import Dataset
from kqml.events import EventKind
from kqml.history.closings import Closing

READ_BY: Mapping[type, frozenset[str]] = {
    Closing: frozenset({"event_id", "ref", "due_at", "rep_id"}),
    Ledger: frozenset({"event_id", "ref", "due_at", "attributes"}),
    CountingRule: frozenset({"minutes", "authenticity"}),
    Card: frozenset({"attributes"}),
}
"""The columns that a rule reads."""


@dataclass(frozen=True)
class BuiltMatrix:
    """Some neighbouring accounts' rows, by account, then cutoff, with their numbers."""

    accounts: NDArray[np.object_]
    rows: Rows
    cells: PeerCells
    values: NDArray[np.float64]


def stream_dataset(
    dataset: Dataset,
    cutoffs: Instants,
    plan: FeaturePlan,
    *,
    reference: PeerReference | None = None,
    threads: int = 2,
    events: int = EVENTS,
) -> Iterator[BuiltMatrix]:
    """Yield every account at every cutoff, accounts ascending; a few chunks of `events` events are in memory at a time.

    The same bits as `build_features` on the whole log. `values` are overwritten once the next part is asked for: fresh
    memory for each would cost more than the numbers. Without `reference` the peers are all accounts at the same
    cutoff, for which the events are read twice.
    """
    if len(plan.peers) and reference is None:
        reference = reference_of_dataset(dataset, cutoffs, plan, threads=threads, events=events)
    for built in _stream_own(dataset, cutoffs, plan, threads, events):
        finish(built.values, plan, built.rows.cutoff, built.cells, reference)
        yield built


def reference_of_dataset(
    dataset: Dataset, cutoffs: Instants, plan: FeaturePlan, *, threads: int = 2, events: int = EVENTS
) -> PeerReference:
    """Return the means of the plan's peer columns over all accounts."""
    own = plan.only(plan.peers.tolist())
    sums = ReferenceSums(own.columns, np.unique(cutoffs))
    for built in _stream_own(dataset, cutoffs, own, threads, events):
        sums.add(built.rows.cutoff, built.cells, built.values)
    return sums.reference()


def _stream_own(
    dataset: Dataset, cutoffs: Instants, plan: FeaturePlan, threads: int, events: int
) -> Iterator[BuiltMatrix]:
    """Yield the same, peer columns still holding the accounts' own numbers."""
    chunks = chunks_of(dataset, columns_of(plan, dataset), events)
    return in_order(_builder(cutoffs, plan, Buffers(threads + 2)), enumerate(chunks), threads)


class Buffers:
    """Memory for matrices, used in turn: more pieces than there are matrices alive."""

    def __init__(self, pieces: int) -> None:
        self._pieces = [np.empty(0) for _ in range(pieces)]

    def matrix(self, number: int, rows: int, columns: int) -> NDArray[np.float64]:
        """Room for the matrix of that number, in the index of the one so many pieces before."""
        piece = number % len(self._pieces)
        if self._pieces[piece].size < rows * columns:
            self._pieces[piece] = np.empty(rows * columns)
        return self._pieces[piece][: rows * columns].reshape(rows, columns)


def _builder(cutoffs: Instants, plan: FeaturePlan, buffers: Buffers) -> Callable[[tuple[int, Chunk]], BuiltMatrix]:
    def build(numbered: tuple[int, Chunk]) -> BuiltMatrix:
        number, chunk = numbered
        log = chunk.event_log()
        rows = Rows.grid(log.account_count, cutoffs)
        cells = _cells(chunk, rows) if plan.needs_cells else PeerCells.none(len(rows))
        values = buffers.matrix(number, len(rows), len(plan.columns))
        filler(log, rows, plan, context_of(chunk.info, chunk.accounts(), log))(slice(0, len(rows)), values)
        return BuiltMatrix(log.accounts, rows, cells, values)

    return build


def _cells(chunk: Chunk, rows: Rows) -> PeerCells:
    """Return the cells of rows; found once per account where nothing about it changes."""
    if reads_attributes(chunk.info):
        return cells_of(profile_of(chunk, rows), len(rows))
    accounts = Rows.grid(chunk.event_log().account_count, np.zeros(1, dtype=np.int64))
    return cells_of(profile_of(chunk, accounts), len(accounts)).take(rows.account)


def columns_of(plan: FeaturePlan, dataset: Dataset) -> Sequence[str]:
    """Return the columns of events that a plan reads beside account, times, kind."""
    atoms = {atom for feature in plan.features for atom in atoms_of(feature.measure)}
    read = {atom.value for atom in atoms if atom.value and atom.value != COUNTED}
    for rule in {atom.stream.rule for atom in atoms} - {None}:
        read |= READ_BY[type(rule)]
    if plan.needs_cells and reads_attributes(dataset.info):
        read.add("attributes")
    if EventKind.EVENT_RETRACTED.code in dataset.info.kinds_recorded:
        read |= {"event_id", "ref"}
    return sorted(read if "ref" in dataset.event_columns() else read - {"event_id"})
