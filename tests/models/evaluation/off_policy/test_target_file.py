"""Target tables whose ids, weeks or actions are not those of the log are refused with the value and the known ones."""

from types import SimpleNamespace

import numpy as np
import pytest

from kqml.errors import BadUse
from models.evaluation.off_policy.target_file import read_target

ROWS = SimpleNamespace(
    account_ids=np.array(["S001", "S001", "S002"], dtype=object),
    week=np.array(["2023-W27", "2023-W28", "2023-W27"], dtype=object),
    randomised=SimpleNamespace(actions=("wait", "call", "visit")),
    data=SimpleNamespace(account_ids=np.array(["S001", "S002", "S003"], dtype=object)),
)


def read(lines, tmp_path):
    path = tmp_path / "target.csv"
    path.write_text(lines, encoding="utf-8")
    return read_target(path, ROWS)


def test_rows_are_matched_by_account_and_week(tmp_path):
    probabilities, covered = read("account_id,week,action\nS001,2023-W28,visit\nS003,2023-W28,call\n", tmp_path)
    assert covered.tolist() == [False, True, False]
    assert probabilities.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("account_id,week,action\nS001,2023-27,visit\n", "'2023-27' in 1 rows is not an ISO week such as 2023-W27"),
        ("account_id,week,action\nS001,2023-w27,visit\n", "week: '2023-w27'.*'2023-W27' to '2023-W28'"),
        ("account_id,action\ns001,visit\nS002,visit\n", r"'s001' is not an account of the log, 'S001' is \(1 such ids"),
        ("account_id,action\nS001 ,visit\n", "'S001 ' is not an account of the log, 'S001' is"),
        ("account_id,action\nS001,Visit\n", "'Visit' is not an action – did you mean 'visit'. use wait, call, visit"),
        ("account_id,action\nS001,\n", "'' is not an action"),
        ("account_id,action\nX9,visit\n", "account_id: none of its 1 values, such as 'X9', has a decision.*'S001'"),
        ("account_id,week,action\nS001,2022-W27,visit\n", "week: none of its 1 values, such as '2022-W27'"),
        ("account_id,week,action\nS002,2023-W28,visit\nS001,2024-W01,visit\n", "no pair of account and week"),
    ],
)
def test_what_does_not_match_is_named_with_what_is_known(lines, says, tmp_path):
    with pytest.raises(BadUse, match=says):
        read(lines, tmp_path)
