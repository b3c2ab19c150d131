"""The page of the playbook: every row of the domain, every name on it true."""

import re
from pathlib import Path

import pytest

from kqml.__main__ import PACKAGES
from kqml.playbook import PRESETS, read_playbook
from kqml.playbook.reading import content_of, parse_playbook

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "playbook.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| §\d+ ", line)
]
LEAST = {"§1": 5, "§2": 6, "§3": 3, "§4": 3, "§5": 5, "§6": 6, "§7": 10, "§8": 5, "§11": 5, "§13": 3}
"""Rows of each section of the domain: those of its tables, its bullets, its rules."""


def named(cells: list[str]) -> list[str]:
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_section_of_the_domain_has_its_rows():
    counts = {section: sum(row[0].split()[0] == section for row in ROWS) for section in LEAST}
    assert {section for section in LEAST if counts[section] < LEAST[section]} == set()
    assert len(ROWS) == sum(counts.values())


def test_every_numbered_rule_of_the_source_is_there():
    told = " ".join(row[0] for row in ROWS)
    assert [number for number in range(1, 12) if not re.search(rf"\br{number}\b", told)] == []
    assert "[r12–r17]" in told


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_says_where_it_is_configured_computed_shown_tested_or_which_issue_has_it(row):
    assert len(row) == 5
    for cell in row[2:]:
        assert "`" in cell or re.search(r"issue [567]", cell), cell


FILES = sorted({name for row in ROWS for name in named(row[2:]) if "/" in name})


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_the_page_names_is_there_with_its_test(name):
    file, _, function = name.partition("::")
    assert (ROOT / file).exists()
    if function:
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")
    elif file.startswith("tests/"):
        assert "def test_" in (ROOT / file).read_text(encoding="utf-8")


def test_a_key_that_the_page_names_is_one_of_the_playbook():
    words = set(named([row[1] for row in ROWS]))
    others = {
        "owner_rep_id",
        "region",
        "route",
        "visit_weekdays",
        "visit_time",
        "opening_hours",
        "role",
        "influence",
        "kqml/events.py",
        "[churn]",
        "docs/settings.md",
    }
    assert words - others - set(content_of(read_playbook())) == set()


def test_the_list_of_sections_is_that_of_the_playbook():
    table = PAGE.split("## What it holds")[1].split("## What is refused")[0]
    listed = set(named([line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]))
    assert listed == set(content_of(read_playbook())) - {"name"}


@pytest.mark.parametrize("name", sorted({name for name in named([row[3] for row in ROWS]) if name.startswith("kqml ")}))
def test_a_command_that_the_page_names_exists(name):
    assert name.removeprefix("kqml ").split(" --")[0] in [known for names in PACKAGES.values() for known in names]


def test_the_example_of_the_page_is_a_playbook():
    example = PAGE.split("```toml\n")[1].split("```")[0]
    assert parse_playbook(example, "example").cadence["A"] == {"visit": 6, "call": 4, "message": 4}


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_that_may_be_recommended_pushes_stock(preset):
    playbook = read_playbook(preset)
    assert {channel for package in playbook.actions for channel in package.contacts} <= {"visit", "call", "message"}
    told = " ".join(stage["zh"] for offer in playbook.help_offers for stage in [offer.title, *offer.stages])
    assert "压货" not in told
    assert {entry.kind.code for entry in playbook.emotional if entry.weight > 0} & {"order", "help_asked"} == set()
