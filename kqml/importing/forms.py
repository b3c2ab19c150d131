"""Spellings of dates and numbers recognised in values: what a mapping should say of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kqml.ids import BLANKS, NULL_WORDS, SPACES
from kqml.importing.mapping import MAGNITUDES, exchanged, magnitude_of

_DAYS = {
    "%Y/%m/%d": r"\d{4}/\d{1,2}/\d{1,2}",
    "%Y-%m-%d": r"\d{4}-\d{1,2}-\d{1,2}",
    "%Y.%m.%d": r"\d{4}\.\d{1,2}\.\d{1,2}",
    "%Y年%m月%d日": r"\d{4}年\d{1,2}月\d{1,2}日",
    "%Y%m%d": r"(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])",
    "%d.%m.%Y": r"\d{1,2}\.\d{1,2}\.\d{4}",
    "%d/%m/%Y": r"\d{1,2}/\d{1,2}/\d{4}",
    "%m/%d/%Y": r"\d{1,2}/\d{1,2}/\d{4}",
    "%d-%m-%Y": r"\d{1,2}-\d{1,2}-\d{4}",
    "%m-%d-%Y": r"\d{1,2}-\d{1,2}-\d{4}",
    "%d-%b-%Y": r"\d{1,2}-[A-Za-z]{3}-\d{4}",
    "%d-%b-%y": r"\d{1,2}-[A-Za-z]{3}-\d{2}",
    "%y/%m/%d": r"\d{2}/\d{1,2}/\d{1,2}",
    "%d/%m/%y": r"\d{1,2}/\d{1,2}/\d{2}",
    "%m/%d/%y": r"\d{1,2}/\d{1,2}/\d{2}",
    "%d.%m.%y": r"\d{1,2}\.\d{1,2}\.\d{2}",
    "%y-%m-%d": r"\d{2}-\d{1,2}-\d{1,2}",
}
_CLOCKS = {
    "": "",
    " %H:%M": r" \d{1,2}:\d{2}",
    " %H:%M:%S": r" \d{1,2}:\d{2}:\d{2}",
    " %I:%M %p": r" \d{1,2}:\d{2} [AaPp][Mm]",
    " %I:%M:%S %p": r" \d{1,2}:\d{2}:\d{2} [AaPp][Mm]",
    " %p %I:%M": r" [AaPp][Mm] \d{1,2}:\d{2}",
    " %p %I:%M:%S": r" [AaPp][Mm] \d{1,2}:\d{2}:\d{2}",
}
_NUMBERS = {
    "excel": (r"[2-6]\d{4}(\.\d+)?", 20_000, 70_000),
    "epoch": (r"\d{9,10}(\.\d+)?", 600_000_000, 4_200_000_000),
    "epoch_ms": (r"\d{12,13}", 600_000_000_000, 4_200_000_000_000),
    "epoch_us": (r"\d{15,16}", 600_000_000_000_000, 4_200_000_000_000_000),
}
_MONEY = re.compile(r"[^\d\s.,+\-()（）'’]+")


@dataclass(frozen=True)
class MappingHint:
    """What to say in the mapping: a sentence under `report.advice` with its facts."""

    key: str
    facts: Mapping[str, str]


def date_formats(values: Sequence[str]) -> list[str]:
    """Return the formats that read every value, the likelier first; several where day and month may change places."""
    values = [_plain_clock(value) for value in values]
    formats = [name for name, (pattern, low, high) in _NUMBERS.items() if _are_numbers(values, pattern, low, high)]
    for day, day_pattern in _DAYS.items():
        for clock, clock_pattern in _CLOCKS.items():
            pattern = re.compile(day_pattern + clock_pattern)
            form = day + clock
            if all(pattern.fullmatch(value) and _reads(value, form) for value in values):
                formats.append(form)
    return formats


def _plain_clock(value: str) -> str:
    """A moment as `strptime` reads it: AM and PM for 上午 and 下午, no hour 24."""
    value = re.sub(r"(?<!\d)24:00", "00:00", value)
    return " ".join(value.replace("上午", " AM ").replace("下午", " PM ").split())


def _are_numbers(values: Sequence[str], pattern: str, low: float, high: float) -> bool:
    return all(re.fullmatch(pattern, value) and low <= float(value) <= high for value in values)


def _reads(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def date_advice(values: Sequence[str]) -> MappingHint:
    """Return what the mapping should say of dates that it cannot read."""
    if words := _null_words(values):
        return MappingHint("null_words", {"words": words})
    formats = date_formats(values)
    if not formats:
        each = list(dict.fromkeys(form for value in values for form in date_formats([value])[:1]))
        readable = all(date_formats([value]) for value in values)
        if readable and any(exchanged(form) in each for form in each):
            return MappingHint("exchanged_days", {})
        return MappingHint("formats", {"format": _listed(each)}) if readable and each else MappingHint("date", {})
    if len(formats) > 1:
        return MappingHint("either_format", {"format": f'"{formats[0]}"', "other": f'"{formats[1]}"'})
    return MappingHint("format", {"format": f'"{formats[0]}"'})


def number_keys(values: Sequence[str]) -> dict[str, object]:
    """Return the keys of a mapping with which numbers can be read, as far as their spelling shows."""
    keys: dict[str, object] = {}
    marks = list(dict.fromkeys(mark for value in values for mark in _MONEY.findall(value)))
    units = {mark: MAGNITUDES[name] for mark in marks if (name := magnitude_of(mark))}
    if money := [mark for mark in marks if mark not in units]:
        keys["strip"] = money
    if units:
        keys["units"] = units
    bare = [_MONEY.sub("", value).strip(BLANKS) for value in values]
    if any(re.fullmatch(r"[(（].*[)）]", value) for value in bare):
        keys["negative"] = "brackets"
    if any(value.endswith(("-", "−")) for value in bare):
        keys["negative"] = "trailing"
    digits = [value.strip("()（）+-−" + BLANKS) for value in bare]
    return keys | _separators(digits)


def _separators(digits: Sequence[str]) -> dict[str, object]:
    """Which mark stands before decimals, which between thousands."""
    if any("," in value and "." in value for value in digits):
        last = next(max(value.rfind(","), value.rfind(".")) - value.rfind(",") for value in digits if "," in value)
        return {"decimal": ",", "thousands": "."} if last == 0 else {"thousands": ","}
    separators: dict[str, object] = {}
    if any(mark in value for value in digits for mark in SPACES):
        separators["thousands"] = " "
    elif any(mark in value for value in digits for mark in "'’"):
        separators["thousands"] = "'"
    commas = [value for value in digits if "," in value]
    grouped = r"\d{1,3}(,\d{2,3})*,\d{3}"
    if commas and all(re.fullmatch(grouped, value) for value in commas) and "thousands" not in separators:
        return {"thousands": ","}
    if commas:
        separators["decimal"] = ","
    elif any(value.count(".") > 1 for value in digits):
        separators |= {"decimal": ",", "thousands": "."}
    return separators


def number_advice(values: Sequence[str]) -> MappingHint:
    """Return what the mapping should say of numbers that it cannot read."""
    if words := _null_words(values):
        return MappingHint("null_words", {"words": words})
    keys = number_keys(values)
    readable = all(any(mark.isdigit() for mark in value) for value in values)
    if not keys or not readable:
        return MappingHint("number", {})
    return MappingHint(
        "number_keys", {"keys": ", ".join(f"{key} = {toml_value(value)}" for key, value in keys.items())}
    )


def _null_words(values: Sequence[str]) -> str:
    """The words for no value among them, as entries of `values`."""
    words = [value for value in values if value.lower() in NULL_WORDS]
    return ", ".join(f'"{word}" = ""' for word in words)


def _listed(words: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]" if len(words) > 1 else f'"{words[0]}"'


def toml_value(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(mark if mark.isprintable() else f"\\u{ord(mark):04x}" for mark in escaped) + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml_value(key)} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
