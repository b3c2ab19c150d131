"""The page of event kinds."""

import re
from pathlib import Path

from kqml.events import KINDS

PAGE = Path(__file__).parents[3] / "docs" / "importing.md"


def test_the_page_lists_every_kind_in_its_group():
    section = PAGE.read_text(encoding="utf-8").split("### Event kinds")[1].split("## How")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| ")][1:]
    listed = [(group.strip(), code) for group, kinds in rows for code in re.findall(r"`(\w+)`", kinds)]
    assert sorted(listed) == sorted((kind.group.value, kind.code) for kind in KINDS)
