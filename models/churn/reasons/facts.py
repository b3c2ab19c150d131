"""Where a model holds the numbers that sentences may name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.definitions import Aggregation, Atom, CadenceTarget, Combined, Feature, Operation, Peer
from kqml.messages.quantities import Unit
from models.churn.reasons.named_facts import FACTS, LONG, TARGETS, Fact

TIER = "tier"

_GAPS = frozenset({Aggregation.SINCE_LAST, Aggregation.SINCE_FIRST, Aggregation.GAP_MEAN, Aggregation.GAP_STD})

Categories = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class ByWord:
    """A number for each word of a category: that of the word whose code the row has at `place`."""

    place: int
    numbers: tuple[float, ...]

    def of(self, row: Sequence[float]) -> float:
        code = row[self.place]
        return self.numbers[int(code)] if code >= 0 else float("nan")


@dataclass(frozen=True)
class Located:
    """Where a row holds a fact: `row[place] × scale × factor` (`place` None: 1), over `days` (None: no window)."""

    unit: Unit
    place: int | None
    days: int | None = None
    scale: float = 1.0
    factor: ByWord | None = None

    def of(self, row: Sequence[float]) -> float:
        number = self.scale if self.place is None else row[self.place] * self.scale
        return number if self.factor is None else number * self.factor.of(row)


@dataclass(frozen=True)
class _Held:
    """An atom at its place in the row; `peer`: its pace, the mean of its like; `target`: what it is divided by."""

    place: int
    atom: Atom
    peer: bool = False
    target: CadenceTarget | None = None


def locate(features: Sequence[Feature], categories: Categories | None = None) -> dict[str, Located]:
    """Return every fact that rows of these features, then these categories, hold; the others are absent."""
    held = [one for place, feature in enumerate(features) if (one := _value_at(place, feature)) is not None]
    tiers = _tiers(len(features), categories or {})
    result = {name: _located(fact, held, tiers) for name, fact in FACTS.items()}
    result |= {name: _target(FACTS[counted], held, tiers) for name, counted in TARGETS.items()}
    return {name: located for name, located in result.items() if located is not None}


def _value_at(place: int, feature: Feature) -> _Held | None:
    match feature.measure:
        case Atom() as atom:
            return _Held(place, atom)
        case Peer(Combined(Atom() as atom, Operation.RATE_RATIO, _), True):
            return _Held(place, atom, peer=True)
        case CadenceTarget(own, _, False) as target:
            return _Held(place, own, target=target)
        case _:
            return None


def _tiers(features: int, categories: Categories) -> tuple[int, tuple[str, ...]] | None:
    """Return the place of the tier in a row, its words."""
    return (features + list(categories).index(TIER), categories[TIER]) if TIER in categories else None


def _located(fact: Fact, held: Sequence[_Held], tiers: tuple[int, tuple[str, ...]] | None) -> Located | None:
    fitting = [one for one in held if _fits(fact, one)]
    plain = [one for one in fitting if one.target is None]
    result = _nearest(plain, fact.days)
    if result is None:
        return _by_target(fact, _nearest(fitting, fact.days), tiers)
    return _pace(fact, result, plain) if fact.pace else Located(fact.unit, result.place, result.atom.days)


def _by_target(fact: Fact, result: _Held | None, tiers: tuple[int, tuple[str, ...]] | None) -> Located | None:
    """Return a number that a row holds only divided by its target: multiplied by it again."""
    factor = None if result is None or result.target is None else _numbers(result.target, tiers)
    if result is None or factor is None or fact.pace:
        return None
    return Located(fact.unit, result.place, result.atom.days, factor=factor)


def _target(fact: Fact, held: Sequence[_Held], tiers: tuple[int, tuple[str, ...]] | None) -> Located | None:
    """Return the target that the fact's number is divided by somewhere in the row."""
    targeted = [one for one in held if one.target is not None and _fits(fact, one)]
    result = _nearest(targeted, fact.days)
    factor = None if result is None or result.target is None else _numbers(result.target, tiers)
    return None if result is None or factor is None else Located(fact.unit, None, result.atom.days, factor=factor)


def _numbers(target: CadenceTarget, tiers: tuple[int, tuple[str, ...]] | None) -> ByWord | None:
    numbers = dict(target.targets)
    return None if tiers is None else ByWord(tiers[0], tuple(numbers.get(word, float("nan")) for word in tiers[1]))


def _nearest(held: Sequence[_Held], days: int) -> _Held | None:
    """Return the atom with the window nearest to `days`; among equals the one that looks at the most gaps."""
    return min(held, key=lambda one: (abs((one.atom.days or 0) - days), -(one.atom.last or 0)), default=None)


def _pace(fact: Fact, recent: _Held, fitting: Sequence[_Held]) -> Located | None:
    result = _nearest(fitting, LONG)
    if result is None or not recent.atom.days or not result.atom.days or result.atom.days <= recent.atom.days:
        return None
    return Located(fact.unit, result.place, recent.atom.days, recent.atom.days / result.atom.days)


def _fits(fact: Fact, held: _Held) -> bool:
    atom, stream = held.atom, held.atom.stream
    same = (atom.aggregation, atom.value, atom.lag, atom.months) == (fact.aggregation, fact.value, 0, fact.months)
    windowed = atom.days is not None or atom.months is not None or fact.days == 0 or fact.aggregation in _GAPS
    ruled = stream.rule is None if fact.rule is None else isinstance(stream.rule, fact.rule)
    counts = fact.kinds <= stream.kinds <= fact.kinds | fact.allowed
    return same and windowed and ruled and counts and held.peer == fact.peer
