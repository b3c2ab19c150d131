"""The pairs of account and cutoff for which features, labels or scores are made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants


@dataclass(frozen=True)
class Rows:
    """R pairs sorted by account, then cutoff, without repeats.

    `account`: int32 indices into the event log's `accounts`. `cutoff`: int64 instants.
    """

    account: NDArray[np.int32]
    cutoff: Instants

    def __len__(self) -> int:
        return len(self.account)

    @classmethod
    def grid(cls, account_count: int, cutoffs: Instants) -> "Rows":
        """Return every account at every cutoff."""
        cutoffs = np.unique(np.asarray(cutoffs, dtype=np.int64))
        account = np.repeat(np.arange(account_count, dtype=np.int32), len(cutoffs))
        return cls(account, np.tile(cutoffs, account_count))

    def where(self, mask: NDArray[np.bool_]) -> "Rows":
        """Return the rows for which `mask` is true, in the same order."""
        return Rows(self.account[mask], self.cutoff[mask])
