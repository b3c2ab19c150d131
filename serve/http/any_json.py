"""JSON with free content, limited to what every JSON reader accepts."""

from collections.abc import Iterator

from pydantic import JsonValue
from pydantic_core import PydanticCustomError

GREATEST = 1.7976931348623157e308
"""The greatest double: readers fail on greater numbers, also on integers."""


def numbers_that_all_can_read(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the value itself. Raises PydanticCustomError where it holds NaN or infinity, which the parser accepts
    though they are not JSON, or a number beyond a double, which other readers could not read."""
    for number in _numbers(value):
        if not -GREATEST <= number <= GREATEST:
            raise PydanticCustomError(
                "unreadable_number", "contains a number that JSON does not allow or that exceeds a double"
            )
    return value


def _numbers(value: JsonValue) -> Iterator[float]:
    """Without recursion, because the sender decides how deep the value is nested."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, float | int):
            yield item
        elif isinstance(item, dict):
            left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)
