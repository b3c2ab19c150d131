"""The generated pages are those that the code and the stored results make."""

import pytest

from experiments.docs.__main__ import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"
