"""Writes the generated pages."""

from collections.abc import Callable, Mapping
from pathlib import Path

from experiments.docs.benchmarks_page import benchmarks_page
from experiments.docs.catalog_page import catalog_page
from experiments.docs.commands_page import PACKAGES
from experiments.docs.reasons_page import reasons_page
from experiments.docs.schemas import schema_pages

DOCS = Path(__file__).parents[2] / "docs"

PAGES: Mapping[str, Callable[[], str]] = {
    "catalog.md": catalog_page,
    "benchmarks.md": benchmarks_page,
    "reasons.md": reasons_page,
    **schema_pages(PACKAGES),
}
"""File in `docs/` → what makes its text."""


def main() -> None:
    """Writes every page that differs from its file."""
    for name, page in PAGES.items():
        path, wanted = DOCS / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != wanted:
            path.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
