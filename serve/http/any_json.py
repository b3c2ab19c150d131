"""JSON of the sender's own making, as far as every reader of JSON can read it."""

from collections.abc import Iterator

from pydantic import JsonValue
from pydantic_core import PydanticCustomError

GREATEST = 1.7976931348623157e308
"""Of a double: readers fail on greater numbers, whole ones too."""


def numbers_that_all_can_read(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The value itself. Raises PydanticCustomError where it holds NaN or infinity, which the parser takes though they
    are no JSON, or a number beyond a double: written again, it could not be read any more."""
    for number in _numbers(value):
        if not -GREATEST <= number <= GREATEST:
            raise PydanticCustomError(
                "unreadable_number", "contains a number that JSON does not allow or that exceeds a double"
            )
    return value


def _numbers(value: JsonValue) -> Iterator[float]:
    """Without recursion: nesting is the sender's to choose."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, float | int):
            yield item
        elif isinstance(item, dict):
            left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)
