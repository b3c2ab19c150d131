"""Messages as keys with values: stored once, rendered in the language of each reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from kqml.events import KIND_OF_CODE, EventKind
from kqml.messages import text
from kqml.messages.quantities import Unit, day, quantity


@dataclass(frozen=True)
class Quantity:
    """A number with its unit; money in `currency`."""

    unit: Unit
    number: float
    currency: str | None = None

    def text(self, language: str) -> str:
        """Return the number in words."""
        return quantity(self.unit, self.number, language, self.currency or "CNY")

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        money = {} if self.currency is None else {"currency": self.currency}
        return {"unit": self.unit.value, "number": self.number, **money}


@dataclass(frozen=True)
class Day:
    """A date."""

    day: date

    def text(self, language: str) -> str:
        """Return the date as the language writes it."""
        return day(self.day, language)

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"day": self.day.isoformat()}


@dataclass(frozen=True)
class KindName:
    """The name of a kind of events."""

    kind: EventKind

    def text(self, language: str) -> str:
        """Return the name."""
        return self.kind.named(language)

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"kind": self.kind.code}


@dataclass(frozen=True)
class Title:
    """A text of the playbook, which has it in every language."""

    titles: Mapping[str, str]

    def __hash__(self) -> int:
        return hash(tuple(self.titles.values()))

    def text(self, language: str) -> str:
        """Return the text."""
        return self.titles[language]

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"titles": dict(self.titles)}


@dataclass(frozen=True)
class CodedMessage:
    """A sentence of a catalogue by its key, with the values of its blanks. Plain texts are the same in every language;
    a sequence is joined by the separator of `warnings`."""

    key: str
    values: Mapping[str, "Value"] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.key)

    def text(self, language: str) -> str:
        """Return the sentence."""
        return text(self.key, language, **{name: _text(value, language) for name, value in self.values.items()})

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        values = {name: _as_json(value) for name, value in self.values.items()}
        return {"key": self.key, **({"values": values} if values else {})}


Text: TypeAlias = CodedMessage | Title
"""What a whole sentence may be."""
Value: TypeAlias = str | int | float | Quantity | Day | KindName | Title | CodedMessage | Sequence[KindName]


def _text(value: Value, language: str) -> object:
    """The value as it fills a blank; numbers stay numbers, for the format of the blank."""
    if isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Sequence):
        return text("warnings.separator", language).join(str(_text(item, language)) for item in value)
    return value.text(language)


def _as_json(value: Value) -> Any:
    if isinstance(value, (str, int, float)):
        return value
    return [_as_json(item) for item in value] if isinstance(value, Sequence) else value.as_json()


def render(stored: Any, language: str) -> str:
    """Return a stored message in a language; a plain text, as other programs store it, as it is."""
    return str(_text(_value(stored), language))


def _value(stored: Any) -> Value:
    if isinstance(stored, list):
        return [KindName(KIND_OF_CODE[item["kind"]]) for item in stored]
    if not isinstance(stored, dict):
        plain: str | float = stored
        return plain
    if "key" in stored:
        return CodedMessage(stored["key"], {name: _value(value) for name, value in stored.get("values", {}).items()})
    if "unit" in stored:
        return Quantity(Unit(stored["unit"]), stored["number"], stored.get("currency"))
    if "day" in stored:
        return Day(date.fromisoformat(stored["day"]))
    return KindName(KIND_OF_CODE[stored["kind"]]) if "kind" in stored else Title(stored["titles"])
