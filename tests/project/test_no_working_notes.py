"""Nothing in the repository speaks of who works on it, or holds a path of a machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WORKERS = re.compile(
    r"""
      \b(?:sub)?agents?\b | \bassistants?\b | \bcopilot\b | \bchat\s?bots? \b | \blanguage\ models? \b
    | \bengineers?\b
    | \b(?:my|our|the\ present|the\ last|an?\ earlier|another)\ (?:working\ )?session\b
    | \bsession\ \#?\d
    | \b(?:two|three|four|five|six|seven|eight|nine|ten|several)\ (?:helpers|colleagues|of\ us)\b
    | \bothers?\ (?:work|worked|working|ran|are\ working)\ (?:here|on\ the\ (?:machine|repository))\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Words for people and programs that write the repository."""

ALLOWED = re.compile(r"user[-_ ]?agent|<cc:agent>|</cc:agent>|agent-base|https-proxy-agent", re.IGNORECASE)
"""The header of HTTP requests, the metadata that Matplotlib writes into SVG files, two packages of npm."""

PATHS = re.compile(r"(?<![\w.$}~/-])/(?:work|root|home|mnt|Users)/[\w.]")
"""Folders of a person's or a build machine's own."""

NOTES = re.compile(r"read_?me_(?!\.)|(?:^|/)(?:notes?|todo|scratch|draft)s?\.(?:md|txt)$", re.IGNORECASE)
"""Names of files that only whoever works on something needs."""


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no clone of the repository")
    own = Path(__file__).relative_to(ROOT).as_posix()
    return [name for name in listed.stdout.split("\0") if name and name != own and (ROOT / name).is_file()]


def lines(name: str) -> list[str]:
    """The lines of a text file; none of a file of bytes."""
    try:
        return (ROOT / name).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []


@pytest.mark.parametrize("refused", [WORKERS, PATHS], ids=["workers", "paths"])
def test_no_file_holds(refused):
    found = [
        f"{name}:{number}: {match[0]}"
        for name in tracked()
        for number, line in enumerate(lines(name), 1)
        for match in refused.finditer(ALLOWED.sub("", line))
    ]
    assert found == []


def test_no_file_is_a_working_note():
    assert [name for name in tracked() if NOTES.search(name)] == []


@pytest.mark.parametrize(
    "text",
    [
        "eight engineers share it",
        "by an assistant",
        "left by another session",
        "Session 4",
        "others worked on the machine",
    ],
)
def test_such_words_are_found(text):
    assert WORKERS.search(text)


@pytest.mark.parametrize("text", ["see /work/main/x", "in /root/a", '"/home/me"', "(/Users/me)"])
def test_such_paths_are_found(text):
    assert PATHS.search(text)


@pytest.mark.parametrize("text", ["a user session ends", "User-Agent: x", "the session's cookie", "two people"])
def test_words_of_the_product_are_not(text):
    assert not WORKERS.search(ALLOWED.sub("", text))


@pytest.mark.parametrize("name", ["models/effects/READ_ME_S.txt", "notes.md", "docs/todo.txt"])
def test_such_files_are_found(name):
    assert NOTES.search(name)
