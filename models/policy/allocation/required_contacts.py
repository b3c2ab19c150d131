"""Due contacts and required actions of a week, from the table of duties."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kqml.duties.overrides import WHY
from kqml.playbook.codes import CHANNELS
from models.policy.allocation.problem import Actions, Flags, Floats, Indices

WEEKS_PER_MONTH = 365.25 / 12 / 7


COMPLAINT_VISIT = "complaint_visit"
"""The duty that a call fulfils where no visit is possible."""

TALKING = tuple(CHANNELS.index(name) for name in ("visit", "call"))
"""Channels that settle a complaint or a promise; a message does not."""

VISIT = CHANNELS.index("visit")

GIFT = "gift"
"""The channel that a festival duty may name beside CHANNELS; a gift is brought by a visit."""


@dataclass(frozen=True)
class RequiredContacts:
    """`due` (n × channels): contacts of the cadence that are behind by the week's end. `musts` (n × channels): whether
    a contact of the channel is required. `talks` (n): whether a visit or a call is required, whichever. `visits` (n):
    whether a visit is required, or a call where no visit is possible.
    """

    due: Floats
    musts: Flags
    talks: Flags
    visits: Flags

    def fulfils(self, actions: Actions, possible: Flags | None = None) -> Flags:
        """Return n × K: the actions that fulfil the required contacts, as far as any action does. `possible` (n × K):
        the actions that can be done, None for all.

        Where no action fulfils all of them, a required visit goes before a call, a call before talking by either, that
        before a message. Where no action fulfils any, every action with a contact counts.
        """
        brings = actions.contacts > 0
        talking = brings[:, TALKING].any(axis=1)
        can = np.ones((len(self.talks), len(brings)), dtype=bool) if possible is None else possible
        can_visit = (can & brings[:, VISIT]).any(axis=1)
        musts = self.musts.copy()
        musts[:, VISIT] |= self.visits & can_visit
        required = np.column_stack([musts, self.talks | (self.visits & ~can_visit)])
        # Powers of 4: a channel outweighs all later ones together, so that one sum ranks actions lexicographically.
        # Talking (the last weight, doubled) ranks above a message and below a call.
        worth = np.ldexp(1.0, [2 * (len(CHANNELS) - channel) for channel in range(len(CHANNELS))])
        weights = required * np.append(worth, 2.0 * worth[-1])
        score = weights @ np.column_stack([brings, talking]).T.astype(np.float64)
        best = score.max(axis=1, initial=0.0)[:, None]
        fulfilling: Flags = np.asarray(np.where(best > 0, score == best, brings.any(axis=1)), dtype=bool)
        requires: Flags = np.asarray(required.any(axis=1), dtype=bool)
        return np.asarray(fulfilling & requires[:, None], dtype=bool)


def required_contacts(duties: pa.Table, account_ids: Sequence[str]) -> RequiredContacts:
    """Return the required contacts of the accounts named, in their order. `duties`: by `kqml.duties.table.SCHEMA`.

    A channel's due contacts are those behind at the cutoff plus a week's part of the target, at most those that the
    month still lacks; 0 where the month was marked manually as done or waived.
    """
    names = {name: duties[name].cast(pa.string()) for name in ("account_id", "channel", "duty", "state", "why")}
    row, channel = _index(names["account_id"], account_ids), _index(names["channel"], CHANNELS)
    inside = row >= 0
    cadence = inside & _equal(names["duty"], "cadence") & (channel >= 0) & ~_equal(names["why"], WHY)
    is_open = _equal(names["state"], "due") | _equal(names["state"], "overdue")
    must = inside & duties["must"].to_numpy() & is_open
    shape = (len(account_ids), len(CHANNELS))
    sums = {name: _summed(duties[name], cadence, (row, channel), shape) for name in ("behind", "target", "counted")}
    # Behind plus this week's part may exceed what the month still lacks: never require more than the month does.
    lacking = np.maximum(sums["target"] - sums["counted"], 0.0)
    musts, talks, visits = (np.zeros(size, dtype=bool) for size in (shape, shape[0], shape[0]))
    first = must & (channel == VISIT) & _equal(names["duty"], COMPLAINT_VISIT)
    named = must & (channel >= 0) & ~first
    musts[row[named], channel[named]] = True
    gift = _equal(names["channel"], GIFT)
    musts[row[must & gift], VISIT] = True
    talks[row[must & (channel < 0) & ~gift]] = True
    visits[row[first]] = True
    due = np.minimum(sums["behind"] + sums["target"] / WEEKS_PER_MONTH, lacking)
    return RequiredContacts(due, musts, talks, visits)


def _index(column: pa.ChunkedArray, names: Sequence[str]) -> Indices:
    """Return the index of each row's text in `names`, -1 where it is none of them."""
    indices = pc.index_in(column, value_set=pa.array(names, pa.string()), skip_nulls=True)
    return np.asarray(indices.fill_null(-1).to_numpy(), dtype=np.int64)


def _equal(column: pa.ChunkedArray, text: str) -> Flags:
    """Return for each row whether it has this text."""
    return np.asarray(pc.equal(column, text).fill_null(False).to_numpy(), dtype=bool)


def _summed(column: pa.ChunkedArray, mask: Flags, at: tuple[Indices, Indices], shape: tuple[int, int]) -> Floats:
    result = np.zeros(shape)
    values = np.asarray(column.fill_null(0.0).to_numpy(), dtype=np.float64)
    np.add.at(result, (at[0][mask], at[1][mask]), np.nan_to_num(values[mask], nan=0.0))
    return result
