"""The emotional account (deposits and withdrawals that fade) and the customer card (share of fields filled).

A balance is a running sum per half-life and sign, carried from event to event, so that its cost does not depend on the
length of the history.
"""

import numpy as np

from features.context import NEVER
from features.definitions import Aggregation
from features.engine.arrays import NOTE_COLUMN, LogArrays
from features.engine.closings import rows_until
from features.engine.jit import inlined
from features.engine.scratch import BEGUN, CLOSED_ROW, DUE, FIRST_ROW, Scratch
from features.lowering import AGGREGATIONS, LIFETIME, PlanArrays
from kqml.calendar.business_time import Instants

DEPOSITS = AGGREGATIONS.index(Aggregation.DEPOSITS)
WITHDRAWALS = AGGREGATIONS.index(Aggregation.WITHDRAWALS)
WORST = AGGREGATIONS.index(Aggregation.WORST)
KNOWN = AGGREGATIONS.index(Aggregation.KNOWN)


@inlined
def load_booked(log: LogArrays, plan: PlanArrays, n: int, scratch: Scratch) -> None:
    """Fill `worth`, `fade`: what each event books; `faded`, `faded_at`: each fade's sum after it and its instant."""
    notes = log.codes[NOTE_COLUMN]
    for i in range(n):
        event = scratch.visible[i]
        note = notes[event] + 1 if len(notes) else 0
        scratch.worth[i] = log.books[0, log.kind[event], note]
        scratch.fade[i] = int(log.books[1, log.kind[event], note])
        # A kind or note without an entry in the ledger counts for nothing, not even for the worst entry.
        if scratch.fade[i] < 0:
            scratch.worth[i] = np.nan
    for fade in range(len(plan.fades)):
        total, at = 0.0, 0
        scratch.faded[fade, 0], scratch.faded_at[fade, 0] = total, at
        for i in range(n):
            if scratch.fade[i] == fade:
                total = faded(total, at, scratch.time[i], plan.fades[fade, 0]) + scratch.worth[i]
                at = scratch.time[i]
            # Each sum decays with one half-life, so it needs no list of past events: total(t) = total(t0) ·
            # 2^−(t−t0)/h. Decaying lazily, from the last change only, keeps the bits independent of the cutoffs in
            # between.
            scratch.faded[fade, i + 1], scratch.faded_at[fade, i + 1] = total, at


@inlined
def faded(weight: float, since: int, until: int, half_life: float) -> float:
    """Return what is left at `until` of a weight booked at `since`: weight · 2^(−age / half-life)."""
    return float(weight * np.exp2(-(until - since) / half_life)) if weight != 0 else 0.0


@inlined
def load_known(log: LogArrays, plan: PlanArrays, n: int, scratch: Scratch) -> None:
    """Fill `known`: the share of the card's weight that is filled after each event."""
    notes = log.codes[NOTE_COLUMN]
    filled, share = 0, 0.0
    scratch.known[0] = share
    for i in range(n):
        more = filled | log.fields[notes[scratch.visible[i]] + 1] if len(notes) else filled
        # The share changes only with a new field: most updates of a card repeat fields that are already filled.
        if more != filled:
            filled, share = more, filled_share(plan, more)
        scratch.known[i + 1] = share


@inlined
def filled_share(plan: PlanArrays, filled: int) -> float:
    """Return the share of the card's weight whose fields are among the bits."""
    weight, whole = 0.0, 0.0
    for field in range(len(plan.card)):
        whole += plan.card[field]
        weight += plan.card[field] if (filled >> field) & 1 else 0.0
    return weight / whole


@inlined
def fill_account_state(plan: PlanArrays, atom: int, k0: int, k1: int, cutoffs: Instants, scratch: Scratch) -> None:
    """Fill the slot of an aggregation of the account's state: a balance or the share of the card."""
    aggregation, back = plan.atoms[atom, 0], plan.atoms[atom, 4]
    edge = scratch.edge[plan.atoms[atom, 3]]
    for k in range(k0, k1):
        slot = np.nan
        if back <= scratch.reach[k]:
            if aggregation == KNOWN:
                slot = scratch.known[edge[k]]
            else:
                slot = balance(plan, aggregation, edge[k], cutoffs[k] - back, scratch)
        scratch.slots[atom, k] = slot


@inlined
def balance(plan: PlanArrays, aggregation: int, edge: int, instant: int, scratch: Scratch) -> float:
    """Return the sum of all fades, or of those of one sign, after `edge` events, decayed to an instant."""
    total = 0.0
    for fade in range(len(plan.fades)):
        if is_counted(aggregation, plan.fades[fade, 1]):
            total += faded(scratch.faded[fade, edge], scratch.faded_at[fade, edge], instant, plan.fades[fade, 0])
    return total


@inlined
def is_counted(aggregation: int, sign: float) -> bool:
    """Return whether an aggregation (balance, deposits, withdrawals) counts entries of a sign."""
    return not ((aggregation == DEPOSITS and sign < 0) or (aggregation == WITHDRAWALS and sign > 0))


@inlined
def book_omissions(
    plan: PlanArrays, stream: int, row: int, n: int, answered: int, cutoffs: Instants, scratch: Scratch
) -> None:
    """Add the withdrawals for events without an answer in time, from the result of `find_closings` for row `row`.

    Rows before `answered`, from which on the kinds that answer are recorded, stay as they are.
    """
    # Before answers were recorded silence says nothing, so no row may be charged for it.
    since = rows_until(cutoffs, answered)
    for i in range(n):
        if scratch.closing[DUE, i] != NEVER:
            book_omission(plan, stream, row, i, since, cutoffs, scratch)


@inlined
def book_omission(
    plan: PlanArrays, stream: int, row: int, i: int, since: int, cutoffs: Instants, scratch: Scratch
) -> None:
    """Add the omission of opening event `i` to the rows, from `since` on, that know of no answer."""
    weight, half_life = plan.omitted[row, 0], plan.omitted[row, 1]
    # A due date may precede the event (imported invoices): nothing can be overdue before it exists.
    due = max(scratch.closing[DUE, i], scratch.closing[BEGUN, i])
    first, last = max(scratch.turns[FIRST_ROW, i], since), scratch.turns[CLOSED_ROW, i]
    for atom in range(plan.atom_start[stream], plan.atom_start[stream + 1]):
        aggregation, back = plan.atoms[atom, 0], plan.atoms[atom, 4]
        slot = scratch.slots[atom]
        if aggregation == WORST:
            for k in range(max(first, rows_until(cutoffs, due)), last):
                inside = plan.atoms[atom, 2] == LIFETIME or cutoffs[k] - back <= due
                if inside and back <= scratch.reach[k]:
                    slot[k] = weight if np.isnan(slot[k]) else min(slot[k], weight)
        elif aggregation != DEPOSITS:
            # Added in the order of openings, after all booked events: floating sums keep one order for batch and
            # service.
            for k in range(max(first, rows_until(cutoffs, due + back)), last):
                slot[k] += faded(weight, due, cutoffs[k] - back, half_life)
