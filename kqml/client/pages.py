"""The items of a list of the API, page by page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Page = Mapping[str, Any]


class ListPages(Iterator[Item], Generic[Item]):
    """Yields all items of a list; each page is requested when it is needed. `fetch`: returns the page of a cursor, the
    first one without; `name`: of the items in a page."""

    def __init__(self, fetch: Callable[[str | None], Page], name: str) -> None:
        self._fetch = fetch
        self._name = name
        self._first: Page | None = None
        self._items = self._all_items()

    def __next__(self) -> Item:
        return next(self._items)

    @property
    def complete_until(self) -> str:
        """The `changed_since` of the next request that continues this list: every change before it was visible to the
        first page. Raises KeyError for a list that has none."""
        return str(self._first_page()["complete_until"])

    def _first_page(self) -> Page:
        if self._first is None:
            self._first = self._fetch(None)
        return self._first

    def _all_items(self) -> Iterator[Item]:
        page = self._first_page()
        yield from page[self._name]
        while page["next_cursor"] is not None:
            page = self._fetch(page["next_cursor"])
            yield from page[self._name]
