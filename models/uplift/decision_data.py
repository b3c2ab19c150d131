"""Decision data: one row for each account and week, with features known before the decision, action and outcome."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.rows import Rows
from kqml.errors import Fault, Refused
from models.uplift.outcomes import Outcomes
from models.uplift.sample import Codes, DecisionSample, Flags, Floats

SCHEMA = pa.schema(
    {
        "account_id": pa.string(),
        "week": pa.string(),
        "cutoff": pa.timestamp("us", tz="UTC"),
        "tier": pa.string(),
        "segment": pa.string(),
        "action": pa.string(),
        "probability": pa.float64(),
        "executed": pa.string(),
        "verified": pa.bool_(),
        "must": pa.bool_(),
        "holdout": pa.bool_(),
        "mature": pa.bool_(),
        "matures_at": pa.timestamp("us", tz="UTC"),
        "censored": pa.bool_(),
        "margin": pa.float64(),
        "retained": pa.float64(),
    }
)
"""The table that part 2 reads; `margin` and `retained` are null where the row is not mature."""


@dataclass(frozen=True)
class DecisionData:
    """R rows sorted by account, then cutoff.

    `rows`: account and cutoff; features use events before the cutoff. `account_ids`: id of every account, indexed by
    `rows.account`. `action`: index in `actions`; the *assigned* action where `probability` is known, otherwise the
    recorded action of the week. `executed`: the action that was carried out, -1 where it is not recorded. `evaluable`:
    no required action, no week over capacity, and a valid propensity if one is logged. `eligible` (R, A). `outcomes`:
    of `[cutoff, cutoff + horizon)`.
    """

    rows: Rows
    account_ids: NDArray[np.object_]
    week: NDArray[np.object_]
    actions: tuple[str, ...]
    action: Codes
    probability: Floats
    executed: Codes
    verified: Flags
    eligible: Flags
    must: Flags
    holdout: Flags
    evaluable: Flags
    profile: pd.DataFrame
    outcomes: Outcomes

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def randomised(self) -> Flags:
        """Whether each row's action was randomised with a logged propensity."""
        return np.isfinite(self.probability)

    def where(self, mask: Flags) -> "DecisionData":
        """Return the rows for which `mask` is true, in the same order."""
        arrays: dict[str, Any] = {
            name: value[mask]
            for name, value in vars(self).items()
            if isinstance(value, np.ndarray) and name != "account_ids"
        }
        profile = self.profile[mask].reset_index(drop=True)
        return replace(self, rows=self.rows.where(mask), profile=profile, outcomes=self.outcomes.where(mask), **arrays)

    def learnable(self) -> "DecisionData":
        """Return the rows that effects may be learned from: mature and evaluable."""
        return self.where(self.outcomes.mature & self.evaluable)

    def sample(self, values: Floats, outcome: str = "margin") -> DecisionSample:
        """Return the rows as a learner's sample. Raises Refused where a row is not mature."""
        immature = int((~self.outcomes.mature).sum())
        if immature:
            fault = Fault("outcome", f"is not mature in {immature} rows", "select the rows of `learnable()` first")
            raise Refused("Rows without a mature outcome cannot be used to fit effects.", [fault])
        return DecisionSample(
            values=values,
            action=self.action,
            outcome=self.outcomes.margin if outcome == "margin" else self.outcomes.retained,
            probability=self.probability,
            account=self.rows.account.astype(np.int64),
            eligible=self.eligible,
            actions=self.actions,
        )

    def table(self) -> pa.Table:
        """Return the rows by SCHEMA."""
        names = np.array([*self.actions, None], dtype=object)
        mature = self.outcomes.mature
        columns = {
            "account_id": self.account_ids[self.rows.account],
            "week": self.week,
            "cutoff": pa.array(self.rows.cutoff).cast(SCHEMA.field("cutoff").type),
            "tier": self.profile.get("tier", pd.Series([None] * len(self), dtype=object)).to_numpy(),
            "segment": self.profile.get("segment", pd.Series([None] * len(self), dtype=object)).to_numpy(),
            "action": names[self.action],
            "probability": pa.array(self.probability, mask=np.isnan(self.probability)),
            "executed": names[self.executed],
            "verified": self.verified,
            "must": self.must,
            "holdout": self.holdout,
            "mature": mature,
            "matures_at": pa.array(self.outcomes.matures_at).cast(SCHEMA.field("matures_at").type),
            "censored": self.outcomes.censored,
            "margin": pa.array(self.outcomes.margin, mask=~mature),
            "retained": pa.array(self.outcomes.retained, mask=~mature),
        }
        return pa.table(columns, schema=SCHEMA)
