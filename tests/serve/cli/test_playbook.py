"""`kqml playbook check|show|diff`: a playbook checked, shown in both languages, compared."""

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest
from typer.testing import CliRunner

from kqml.__main__ import create_app, main
from kqml.calendar.festivals import FESTIVALS
from kqml.events import KIND_OF_CODE
from kqml.messages import LANGUAGES, catalogue
from kqml.playbook import parse_playbook, read_playbook
from kqml.playbook.codes import TIERS
from kqml.playbook.differences import PlaybookDifference, playbook_differences
from kqml.playbook.reading import content_of

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
OWN = 'extends = "pharmacy"\nname = "own"\n[cadence]\nA = { visit = 6 }\n[priors]\nvisit = 1\n'


def answered(*words: str) -> dict:
    told = CliRunner().invoke(create_app(), ["playbook", *words, "--json"])
    assert told.exit_code == 0, told.output
    answer = json.loads(told.stdout)
    schema = json.loads((SCHEMAS / f"playbook-{words[0]}.json").read_text())
    assert jsonschema_rs.validator_for(schema).is_valid(answer)
    return answer


@pytest.fixture
def own(tmp_path) -> str:
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    return str(tmp_path / "own.toml")


def test_check_tells_the_version(own):
    answer = answered("check", own)
    assert answer["version"] == f"own@{answer['fingerprint'][:12]}"
    assert answer["actions"] == ["wait", "message", "call", "visit", "help_offer", "two_visits"]


def test_check_tells_every_fault_and_exits_with_2(tmp_path, monkeypatch, capsys):
    file = tmp_path / "bad.toml"
    file.write_text(OWN.replace("visit = 6", 'visit = -6\nB = "none"').replace("visit = 1", "dance = 1"))
    monkeypatch.setattr("sys.argv", ["kqml", "playbook", "check", str(file), "--json"])
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 2
    answer = json.loads(capsys.readouterr().out)
    assert "is not valid TOML" in answer["error"]
    file.write_text(OWN.replace("visit = 6", "visit = -6").replace("visit = 1", "dance = 1"))
    with pytest.raises(SystemExit):
        main()
    answer = json.loads(capsys.readouterr().out)
    assert [fault["where"].split(" ")[-3:] for fault in answer["faults"]] == [
        ["line", "4,", "cadence.A.visit"],
        ["line", "6,", "priors.dance"],
    ]


def test_show_gives_the_one_in_force_with_the_keys_of_the_file(own, monkeypatch):
    monkeypatch.setenv("KQML_PLAYBOOK", own)
    answer = answered("show")
    assert answer["version"].startswith("own@")
    assert answer["playbook"] == json.loads(json.dumps(content_of(read_playbook(own))))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["每月联系次数", "拜访", "春节", "请客户帮忙", "处理滞销品", "喜事"]),
        (
            "en",
            ["Contacts per month", "Spring Festival", "help asked", "resolve slow-moving stock", "(empty)"],
        ),
    ],
)
def test_show_speaks_the_language_asked_for(language, words):
    told = CliRunner().invoke(create_app(), ["playbook", "show", "--language", language], env={"COLUMNS": "300"})
    assert told.exit_code == 0
    assert [word for word in words if word not in told.stdout] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_and_every_key_has_words(language):
    content, words = content_of(read_playbook()), catalogue("playbook", language)
    assert set(words["sections"]) == set(content) - {"name"}
    known = {*words["keys"], *KIND_OF_CODE, *catalogue("codes", language), *TIERS, "D", *LANGUAGES}
    assert {key for section in content.values() for key in keys_in(section)} - known == set()
    assert set(words["festivals"]) == set(FESTIVALS)


def keys_in(value: object) -> Iterator[str]:
    """The keys of every table within a value."""
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_in(item)


def test_the_catalogues_have_the_same_keys():
    zh, en = (catalogue("playbook", language) for language in LANGUAGES)
    assert {part: set(zh[part]) for part in ("sections", "keys", "festivals")} == {
        part: set(en[part]) for part in ("sections", "keys", "festivals")
    }


def test_diff_matches_entries_by_name_not_by_place(own):
    assert answered("diff", "pharmacy", own)["differences"] == [
        {"key": "name", "first": "pharmacy", "second": "own"},
        {"key": "cadence.A.visit", "first": 8.0, "second": 6.0},
        {"key": "priors.visit", "first": None, "second": 1},
    ]


def test_diff_says_on_the_terminal_which_entry_differs():
    told = CliRunner().invoke(create_app(), ["playbook", "diff", "pharmacy", "dealer"], env={"COLUMNS": "200"})
    assert {f"actions[{name}].minutes" in told.stdout for name in ("call", "visit", "help_offer")} == {True}


def test_a_package_that_only_one_has_differs_in_each_of_its_keys():
    text = OWN + "".join(
        f'[[actions]]\nname = "{name}"\nminutes = {minutes}\nstops = 0\nmoney = 0\n'
        for name, minutes in (("wait", 0), ("visit", 55), ("gala", 99))
    )
    keys = {each.key: each for each in playbook_differences(read_playbook(), parse_playbook(text, "own.toml"))}
    assert keys["actions[gala].minutes"] == PlaybookDifference("actions[gala].minutes", None, 99.0)
    assert keys["actions[call].minutes"] == PlaybookDifference("actions[call].minutes", 15.0, None)
    assert "actions[visit].minutes" not in keys


def test_a_playbook_equals_itself(own):
    assert answered("diff", own, own)["differences"] == []
    told = CliRunner().invoke(create_app(), ["playbook", "diff", own, own, "--language", "en"])
    assert told.stdout.strip() == "The two playbooks are identical"
