"""The contacts that a week owes, the musts it has, from the table of duties."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from kqml.duties.overrides import WHY
from kqml.playbook.codes import CHANNELS
from models.policy.allocation.problem import Actions, Flags, Floats, Indices

WEEKS_PER_MONTH = 365.25 / 12 / 7


TALKING = tuple(CHANNELS.index(name) for name in ("visit", "call"))
"""Channels by which what is open between people is settled: a complaint, a promise is no matter of a message."""

GIFT = "gift"
"""What a festival asks beside channels; it is brought in person."""


@dataclass(frozen=True)
class RequiredContacts:
    """`due` (n × channels): contacts of the cadence that are behind by the week's end. `musts` (n × channels): whether
    a must asks for a contact of the channel; `talks` (n): whether one asks that somebody talks to them, whichever way.
    """

    due: Floats
    musts: Flags
    talks: Flags

    def fulfils(self, packages: Actions) -> Flags:
        """n × K: packages that keep what the musts ask for, as far as any package does.

        Where no package keeps them all, a visit that is asked for goes before a call, that before talking at all, that
        before a message. Where none keeps anything, any contact is better than none.
        """
        brings = packages.contacts > 0
        talking = brings[:, TALKING].any(axis=1)
        request = np.column_stack([self.musts, self.talks])
        # Powers of 4: a channel outweighs all later ones together, so that one sum ranks actions lexicographically.
        # Talking (the last weight, doubled) ranks above a message and below a call.
        worth = np.ldexp(1.0, [2 * (len(CHANNELS) - place) for place in range(len(CHANNELS))])
        retained = request * np.append(worth, 2.0 * worth[-1])
        score = retained @ np.column_stack([brings, talking]).T.astype(np.float64)
        best = score.max(axis=1, initial=0.0)[:, None]
        some: Flags = np.asarray(np.where(best > 0, score == best, brings.any(axis=1)), dtype=bool)
        wanted: Flags = np.asarray(request.any(axis=1), dtype=bool)
        return np.asarray(some & wanted[:, None], dtype=bool)


def required_contacts(duties: pa.Table, account_ids: Sequence[str]) -> RequiredContacts:
    """What the duties of a week owe the accounts named, in their order. `duties`: by `kqml.duties.table.SCHEMA`.

    A channel's due contacts are what is behind at the cutoff plus a week's part of the target, at most what the month
    still lacks; none where somebody declared the month done or waived.
    """
    table = duties.to_pandas()
    place = pd.Index(account_ids).get_indexer(pd.Index(table["account_id"].astype(object)))
    channel = pd.Index(CHANNELS).get_indexer(pd.Index(table["channel"].astype(object)))
    inside = place >= 0
    undeclared = (table["why"].astype(object) != WHY).to_numpy()
    cadence = inside & (table["duty"] == "cadence").to_numpy() & (channel >= 0) & undeclared
    must = inside & table["must"].to_numpy(dtype=bool) & table["state"].isin(["due", "overdue"]).to_numpy()
    shape = (len(account_ids), len(CHANNELS))
    sums = {name: _summed(table[name], cadence, (place, channel), shape) for name in ("behind", "target", "counted")}
    # Behind plus this week's part may exceed what the month still lacks: never require more than the month does.
    lacking = np.maximum(sums["target"] - sums["counted"], 0.0)
    musts, talks = np.zeros(shape, dtype=bool), np.zeros(shape[0], dtype=bool)
    named = must & (channel >= 0)
    musts[place[named], channel[named]] = True
    gift = (table["channel"] == GIFT).to_numpy()
    musts[place[must & gift], CHANNELS.index("visit")] = True
    talks[place[must & (channel < 0) & ~gift]] = True
    return RequiredContacts(np.minimum(sums["behind"] + sums["target"] / WEEKS_PER_MONTH, lacking), musts, talks)


def _summed(column: "pd.Series[float]", mask: Flags, at: tuple[Indices, Indices], shape: tuple[int, int]) -> Floats:
    result = np.zeros(shape)
    np.add.at(result, (at[0][mask], at[1][mask]), column.fillna(0.0).to_numpy(dtype=np.float64)[mask])
    return result
