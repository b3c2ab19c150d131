"""Logs whose chances cannot be believed are refused with every fault."""

import pandas as pd
import pytest

from kqml.errors import Refused
from models.evaluation.off_policy.log_faults import refuse_faulty_log

MONDAY = pd.Timestamp("2025-03-10", tz="Asia/Shanghai").value // 1_000
LOG = pd.DataFrame(
    {
        "account_id": ["A", "B", "C"],
        "week": "2025-W11",
        "cutoff": MONDAY,
        "assigned": ["wait", "visit", "visit"],
        "probability": [0.5, 0.5, None],
        "eligible": ['["wait","visit"]', '["wait","visit"]', None],
        "must": False,
        "holdout": False,
        "evaluable": True,
    }
).astype({"probability": object, "must": object})


def test_a_log_with_chances_passes():
    refuse_faulty_log(LOG, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("probability", [0.0, 0.5, None], "probability: 0.0 in 1 of 3 rows"),
        ("probability", [-0.2, 1.5, None], "probability: -0.2 in 2 of 3 rows"),
        ("probability", ["often", 0.5, None], "probability: 'often' in 1 of 3 rows"),
        ("assigned", [None, "visit", None], "assigned: None in 1 of 3 rows – give the assigned action"),
        ("eligible", ["visit;call", '["visit"]', None], "eligible: 'visit;call' in 1 of 3 rows"),
        ("eligible", ["[]", '["visit"]', None], "assigned: 'wait' in 1 of 3 rows – list the assigned action among"),
        ("week", ["2025-W12", "2025-W11", "2025-W99"], "week: '2025-W12' in 2 of 3 rows"),
        ("must", [None, False, False], "must: None in 1 of 3 rows"),
    ],
)
def test_what_cannot_be_believed_is_refused_with_value_and_place(column, values, told):
    with pytest.raises(Refused, match=told.replace("[", r"\[")):
        refuse_faulty_log(LOG.assign(**{column: pd.Series(values, dtype=object)}), "Asia/Shanghai")


def test_all_faults_are_told_at_once():
    with pytest.raises(Refused) as caught:
        refuse_faulty_log(LOG.assign(probability=0.0, week="2025-W10"), "Asia/Shanghai")
    assert [fault.where for fault in caught.value.faults] == ["probability", "week"]


def test_an_empty_log_is_refused():
    with pytest.raises(Refused, match="decisions: the log is empty"):
        refuse_faulty_log(LOG.iloc[:0], "Asia/Shanghai")
