"""What a playbook's keys must mean together, asked of the raw tables so that faults of shape hide none of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from kqml.playbook.codes import CHANNELS, FACTS, TIERS, TOPICS
from kqml.toml_lines import KeyPath

Problem = tuple[KeyPath, str, str]
"""Key path, what is wrong, what to do."""

SUMS = ("relationship_grade.weights", "overall.weights", "abc")
FALLING = ("relationship_grade.grades", "overall.classes", "overall.points")
UNIQUE = (
    ("actions", ("name",)),
    ("help_offers", ("name",)),
    ("card", ("name",)),
    ("seasons", ("name",)),
    ("festivals", ("festival",)),
    ("emotional", ("kind", "topic")),
    ("emotional_omissions", ("kind",)),
    ("visit.bring_home", ("name",)),
    ("visit.steps", ("name",)),
)
"""Arrays with the keys by which an entry is known."""

ROUNDING = 1e-9

LUNAR_YEAR = 353
"""Days of the shortest one: a festival is never nearer to that of the next year."""


def meaning_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Every problem of meaning; what has not the shape for a rule is left to the faults of shape."""
    yield from _sums(data)
    yield from _falling(data)
    yield from _twice(data)
    yield from _topics(data)
    yield from _first_action(data)
    yield from _gifts(data)
    yield from _priors(data)
    yield from _overlaps(data)
    yield from _seasons_named(data)
    yield from _caps(data)
    yield from _depth(data)
    yield from _tolerance(data)
    yield from _quiet_hours(data)
    yield from _windows(data)
    yield from _personal_days(data)
    yield from _omissions(data)
    yield from _facts(data)


def _topics(data: Mapping[str, Any]) -> Iterator[Problem]:
    """An entry for a topic that nobody asks for would never be booked."""
    for position, row in _rows(data, "emotional"):
        topic = row.get("topic")
        if row.get("kind") == "help_asked" and isinstance(topic, str) and topic not in TOPICS:
            yield (
                ("emotional", position, "topic"),
                f"{topic!r} is nothing we ask for",
                f"use one of {', '.join(TOPICS)}",
            )


def _at(data: Mapping[str, Any], path: str) -> Any:
    result: Any = data
    for key in path.split("."):
        result = result.get(key) if isinstance(result, dict) else None
    return result


def _rows(data: Mapping[str, Any], path: str) -> list[tuple[int, dict[str, Any]]]:
    rows = _at(data, path)
    return (
        [(position, row) for position, row in enumerate(rows) if isinstance(row, dict)]
        if isinstance(rows, list)
        else []
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _key(path: str) -> KeyPath:
    return tuple(path.split("."))


def _sums(data: Mapping[str, Any]) -> Iterator[Problem]:
    for path in SUMS:
        given = _at(data, path)
        values = list(given.values()) if isinstance(given, dict) else given
        if isinstance(values, list) and all(map(_is_number, values)) and abs(sum(values) - 1) > ROUNDING:
            yield _key(path), f"sums to {sum(values):g}, not to 1", "let the shares sum to 1"


def _falling(data: Mapping[str, Any]) -> Iterator[Problem]:
    for path in FALLING:
        given = _at(data, path)
        values = [given[key] for key in "ABCD" if key in given] if isinstance(given, dict) else []
        if all(map(_is_number, values)) and any(low >= high for high, low in pairwise(values)):
            yield _key(path), "does not fall from A on", "give a lower number to each lower grade"


def _twice(data: Mapping[str, Any]) -> Iterator[Problem]:
    for path, keys in UNIQUE:
        counts: dict[Any, int] = {}
        for position, row in _rows(data, path):
            known_by = tuple(str(row.get(key)) for key in keys)
            if keys[0] in row and known_by in counts:
                text = " ".join(str(row[key]) for key in keys if key in row)
                message = f"{text!r} stands there twice, first as {path}[{counts[known_by] + 1}]"
                yield (*_key(path), position, keys[0]), message, "keep one of them"
            counts.setdefault(known_by, position)


def _first_action(data: Mapping[str, Any]) -> Iterator[Problem]:
    rows = _rows(data, "actions")
    if rows and rows[0][0] == 0:
        first = rows[0][1]
        if any(first.get(key) for key in ("contacts", "minutes", "stops", "money", "gift")):
            yield (
                ("actions", 0),
                "the first action uses minutes, stops, money or a contact",
                "define `wait` as the first action",
            )


def _gifts(data: Mapping[str, Any]) -> Iterator[Problem]:
    """A gift above the cap would never be allowed."""
    cap: Any = _at(data, "limits.gift_cap")
    for position, row in _rows(data, "actions"):
        gift: Any = row.get("gift", 0)
        money: Any = row.get("money")
        if _is_number(gift) and _is_number(cap) and gift > cap:
            yield ("actions", position, "gift"), f"{gift:g} is more than limits.gift_cap {cap:g}", "lower it"
        if _is_number(gift) and _is_number(money) and gift > money:
            yield ("actions", position, "gift"), f"{gift:g} is more than its money {money:g}", "correct one of them"


def _priors(data: Mapping[str, Any]) -> Iterator[Problem]:
    names = [row.get("name") for _, row in _rows(data, "actions")]
    priors = _at(data, "priors")
    for action in priors if isinstance(priors, dict) else ():
        if action not in names[1:]:
            yield ("priors", action), f"{action!r} is not an action after the first", "use the name of an action"


def _overlaps(data: Mapping[str, Any]) -> Iterator[Problem]:
    spans = [
        (position, row, days)
        for position, row in _rows(data, "seasons")
        if (days := _days_of(row.get("start"), row.get("end"))) is not None
    ]
    for index, (position, row, days) in enumerate(spans):
        for earlier, earlier_end, taken in spans[:index]:
            if days & taken:
                message = f"{row.get('name')!r} overlaps {earlier_end.get('name')!r} (seasons[{earlier + 1}])"
                yield ("seasons", position), message, "assign each day to one season"


def _days_of(start: Any, end: Any) -> frozenset[int] | None:
    """The days of a leap year from `start` to `end`, both `MM-DD`, past New Year where need be."""
    try:
        first, last = (date.fromisoformat(f"2024-{day}").timetuple().tm_yday for day in (start, end))
    except ValueError:
        return None
    return (
        frozenset(range(first, last + 1)) if first <= last else frozenset(range(1, 367)) - set(range(last + 1, first))
    )


def _seasons_named(data: Mapping[str, Any]) -> Iterator[Problem]:
    names = [row.get("name") for _, row in _rows(data, "seasons")]
    for position, row in _rows(data, "help_offers"):
        seasons = row.get("seasons", [])
        for season in seasons if isinstance(seasons, list) else ():
            if season not in names:
                yield ("help_offers", position, "seasons"), f"{season!r} is not a season", "use a name of `seasons`"
    for position, row in _rows(data, "seasons"):
        if (
            isinstance(row.get("start"), str)
            and isinstance(row.get("end"), str)
            and _days_of(row["start"], row["end"]) is None
        ):
            yield (
                ("seasons", position),
                f"{row['start']} to {row['end']} is not a range of days",
                "give both dates as MM-DD",
            )


def _caps(data: Mapping[str, Any]) -> Iterator[Problem]:
    for channel in CHANNELS:
        month, week = _at(data, f"limits.month.{channel}"), _at(data, f"limits.week.{channel}")
        targets = [_at(data, f"cadence.{tier}.{channel}") for tier in TIERS]
        request = max((value for value in targets if _is_number(value)), default=0)
        if _is_number(month) and month < request:
            message = f"{month:g} a month are fewer than the cadence of {request:g}"
            yield ("limits", "month", channel), message, "raise the cap, or lower the cadence"
        if _is_number(week) and _is_number(month) and week > month:
            yield ("limits", "week", channel), f"{week:g} a week exceeds {month:g} a month", "lower it"


def _depth(data: Mapping[str, Any]) -> Iterator[Problem]:
    levels: Sequence[str] = ("basic", "middle", "high")
    for below, above in pairwise(levels):
        low, high = _at(data, f"depth.{below}"), _at(data, f"depth.{above}")
        if not (isinstance(low, dict) and isinstance(high, dict)):
            continue
        for key in low.keys() & high.keys():
            if _is_number(low[key]) and _is_number(high[key]) and high[key] < low[key]:
                yield ("depth", above, key), f"{high[key]:g} is below the {low[key]:g} of {below}", "raise it"


def _tolerance(data: Mapping[str, Any]) -> Iterator[Problem]:
    cold, hot = _at(data, "tolerance.too_cold"), _at(data, "tolerance.too_hot")
    if _is_number(cold) and _is_number(hot) and cold >= hot:
        yield ("tolerance",), f"too_cold {cold:g} is not below too_hot {hot:g}", "correct one of them"


def _quiet_hours(data: Mapping[str, Any]) -> Iterator[Problem]:
    start, end = _at(data, "limits.quiet_hours.start"), _at(data, "limits.quiet_hours.end")
    if start is not None and start == end:
        yield ("limits", "quiet_hours"), f"start and end are both {start}", "give two times of day"


def _windows(data: Mapping[str, Any]) -> Iterator[Problem]:
    """One festival's days may meet another's, never its own of the next year."""
    rows: list[tuple[KeyPath, Any]] = [(("festivals", position), row) for position, row in _rows(data, "festivals")]
    for path, row in (*rows, (("personal_days", "birthday"), _at(data, "personal_days.birthday"))):
        days: list[Any] = [row.get(key) for key in ("days_before", "days_after")] if isinstance(row, dict) else [None]
        if all(map(_is_number, days)) and sum(days) >= LUNAR_YEAR:
            yield path, f"{sum(days):g} days overlap the days of the next year", "lower days_before or days_after"


def _personal_days(data: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("milestone", "misfortune"):
        if _at(data, f"personal_days.{name}.days_before") not in (0, None):
            message = f"a {name} is not known in advance"
            yield ("personal_days", name, "days_before"), message, "set it to 0"


def _omissions(data: Mapping[str, Any]) -> Iterator[Problem]:
    for position, row in _rows(data, "emotional_omissions"):
        if "days" not in row and row.get("kind") != "promise_made":
            yield ("emotional_omissions", position), f"{row.get('kind')!r} has no due date", "add `days`"


def _facts(data: Mapping[str, Any]) -> Iterator[Problem]:
    """A misspelt threshold would otherwise leave its sentence unsaid for ever."""
    facts = _at(data, "facts")
    cycles: list[Any] = [_at(data, f"facts.longer_silent.{name}_cycles") for name in ("at_risk", "churned")]
    if all(map(_is_number, cycles)) and cycles[0] > cycles[1]:
        message = f"{cycles[1]:g} is less than at_risk_cycles {cycles[0]:g}"
        yield ("facts", "longer_silent", "churned_cycles"), message, "correct one of them"
    for code, names in FACTS.items() if isinstance(facts, dict) else ():
        message = facts.get(code, {})
        if isinstance(message, dict):
            yield from ((("facts", code, name), "is absent", "add it") for name in names if name not in message)
            todo = f"use {', '.join(names)}"
            yield from (
                (("facts", code, name), f"is not a fact of {code}", todo) for name in message if name not in names
            )
