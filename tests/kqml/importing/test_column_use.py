"""Which account columns training may use: missingness that tells the future is refused."""

import numpy as np
import pandas as pd
import pytest

from kqml.dataset.folder import ColumnUse
from kqml.importing.column_use import column_uses, missingness_follows

LAST = pd.Series(np.arange(20.0), index=[f"S{number:02}" for number in range(20)])


def missing(*places: int) -> pd.Series:
    return pd.Series([place in places for place in range(20)], index=LAST.index)


@pytest.mark.parametrize(
    ("places", "auc", "refuses"),
    [
        (range(10), 0.0, True),  # missing for those gone early
        (range(10, 20), 1.0, True),  # missing for the newest
        (range(0, 20, 2), 0.45, False),  # missing here and there
    ],
)
def test_missingness_is_measured_against_the_last_activity(places: range, auc: float, refuses: bool) -> None:
    follow = missingness_follows(missing(*places), LAST)

    assert follow is not None
    assert (follow.auc, follow.refuses) == (auc, refuses)


@pytest.mark.parametrize("places", [(), (1, 2, 3, 4), range(16)], ids=["none", "few missing", "few present"])
def test_too_few_cannot_be_measured(places: tuple[int, ...]) -> None:
    assert missingness_follows(missing(*places), LAST) is None


def test_accounts_that_all_stopped_together_tell_nothing() -> None:
    follow = missingness_follows(missing(*range(10)), LAST * 0)

    assert follow is not None
    assert (follow.auc, follow.z, follow.refuses) == (0.5, 0.0, False)


def test_only_what_never_changes_or_is_declared_complete_is_usable() -> None:
    accounts = pd.DataFrame(
        {
            "segment": ["x"] * 20,
            "region": [None if place < 10 else "north" for place in range(20)],
            "tier": ["A"] * 20,
            "credit_grade": ["good"] * 20,
            "owner_rep_id": ["R1"] * 20,
        },
        index=LAST.index,
    )
    declared = {"tier": "2020-01-01", "credit_grade": "2020-01-01"}

    uses, findings = column_uses(accounts, LAST, declared, frozenset({"order", "tier_changed"}))

    assert {name: use.usable for name, use in uses.items()} == {
        "segment": True,
        "region": False,
        "tier": True,
        "owner_rep_id": False,
        "credit_grade": False,
    }
    assert uses["tier"] == ColumnUse("2020-01-01", True, "")
    assert "associated with the account's last activity (AUC 0.00" in uses["region"].why
    assert [finding.code for finding in findings] == [
        "follows_activity_region",
        "changes_absent_credit_grade",
        "changes_unknown_owner_rep_id",
    ]
