"""The contacts that a week owes, the musts it has, from the table of duties."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from kqml.duties.declared import WHY
from kqml.playbook.codes import CHANNELS
from models.allocation.problem import Flags, Floats, Packages, Places

WEEKS_PER_MONTH = 365.25 / 12 / 7


@dataclass(frozen=True)
class Owed:
    """`due` (n × channels): contacts of the cadence that are behind by the week's end. `musts` (n × channels): whether
    a must asks for a contact of the channel; `any_must` (n): whether one asks for any contact."""

    due: Floats
    musts: Flags
    any_must: Flags

    def fulfils(self, packages: Packages) -> Flags:
        """n × K: packages that bring a contact of every channel that a must names, some contact where it names none.

        Where no package brings them all, those that bring one of them keep the must.
        """
        brings = packages.contacts > 0
        asked = self.musts.any(axis=1) | self.any_must
        lacking = np.asarray(self.musts[:, None, :] & ~brings[None], dtype=bool).any(axis=2)
        enough = np.asarray(~lacking & brings.any(axis=1), dtype=bool)
        some = np.asarray(self.musts[:, None, :] & brings[None], dtype=bool).any(axis=2)
        kept = np.where(np.asarray(enough.any(axis=1))[:, None], enough, some)
        return np.asarray(kept & asked[:, None], dtype=bool)


def owed_of(duties: pa.Table, account_ids: Sequence[str]) -> Owed:
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
    lacking = np.maximum(sums["target"] - sums["counted"], 0.0)
    musts, any_must = np.zeros(shape, dtype=bool), np.zeros(shape[0], dtype=bool)
    named = must & (channel >= 0)
    musts[place[named], channel[named]] = True
    any_must[place[must & (channel < 0)]] = True
    return Owed(np.minimum(sums["behind"] + sums["target"] / WEEKS_PER_MONTH, lacking), musts, any_must)


def _summed(column: "pd.Series[float]", kept: Flags, at: tuple[Places, Places], shape: tuple[int, int]) -> Floats:
    found = np.zeros(shape)
    np.add.at(found, (at[0][kept], at[1][kept]), column.fillna(0.0).to_numpy(dtype=np.float64)[kept])
    return found
