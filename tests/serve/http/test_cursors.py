"""Cursors come back from outside: only what a list could have ended with is asked of the database."""

import base64

import orjson
import pytest

from serve.http.cursors import read_cursor, write_cursor
from serve.http.problems import ProblemError

QUESTION = ("accounts", "name")
KINDS = (int, str)


@pytest.mark.parametrize("last", [(0, ""), (-(2**63) + 1, "王"), (2**63 - 1, "a' OR 1=1")])
def test_a_cursor_comes_back_as_it_was(last):
    assert read_cursor(QUESTION, write_cursor(QUESTION, last), KINDS) == last


@pytest.mark.parametrize(
    "forged",
    [(2**63, "a"), (1, "a\0b"), (True, "a"), (1.0, "a"), (None, "a"), (1, None), (1, 1), ([], "a"), (1,), (1, "a", 1)],
)
def test_what_no_list_could_have_ended_with_is_refused(forged):
    mark = orjson.loads(base64.urlsafe_b64decode(write_cursor(QUESTION, ()) + "=="))
    cursor = base64.urlsafe_b64encode(orjson.dumps([*mark, *forged])).decode()
    with pytest.raises(ProblemError) as refused:
        read_cursor(QUESTION, cursor, KINDS)
    assert refused.value.errors[0].detail == "is not a valid cursor; start again without a cursor"
