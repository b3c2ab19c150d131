"""Records of CSV text, quoted as a mapping says."""

import csv
from collections.abc import Iterable, Iterator

from kqml.importing.mapping import TableMapping


def csv_records(lines: Iterable[str], delimiter: str, part: TableMapping) -> Iterator[list[str]]:
    """Return the fields of each record of lines with their ends; of a blank line none. Raises csv.Error."""
    quoting = {"quotechar": part.quote, "quoting": csv.QUOTE_MINIMAL} if part.quote else {"quoting": csv.QUOTE_NONE}
    escape = None if part.escape in (None, part.quote) else part.escape
    return csv.reader(lines, delimiter=delimiter, escapechar=escape, **quoting)
