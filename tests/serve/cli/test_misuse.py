"""A command line that cannot be used is told as one JSON object where JSON is asked for."""

import json
import sys

import pytest

from kqml.__main__ import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "--json"], "Missing"),
        (["check", "d", "--jsn", "--json"], "No such option: --jsn"),
        (["nonsense", "--json"], "No such command 'nonsense'"),
        (["score", "d", "--out", "s.csv", "--reasons", "-1", "--json"], "greater than or equal to 0"),
    ],
)
def test_misuse_is_one_json_object(monkeypatch, capsys, words, said):
    monkeypatch.setattr(sys, "argv", ["kqml", *words])
    with pytest.raises(SystemExit) as leaving:
        main()
    told = capsys.readouterr()
    assert leaving.value.code == 2
    assert said in json.loads(told.out)["error"]
    assert "Usage" in told.err


def test_misuse_without_json_leaves_standard_output_empty(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["kqml", "nonsense"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out == ""
