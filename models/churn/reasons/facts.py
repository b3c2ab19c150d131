"""Locations of facts: where the row of a model holds the numbers that sentences may name."""

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
    """A number for each word of a category: that of the word whose code the row has at `index`."""

    index: int
    numbers: tuple[float, ...]

    def of(self, row: Sequence[float]) -> float:
        code = row[self.index]
        return self.numbers[int(code)] if code >= 0 else float("nan")


@dataclass(frozen=True)
class Located:
    """Where a row holds a fact: `row[index] × scale × factor` (`index` None: 1), over `days` (None: no window)."""

    unit: Unit
    index: int | None
    days: int | None = None
    scale: float = 1.0
    factor: ByWord | None = None

    def of(self, row: Sequence[float]) -> float:
        number = self.scale if self.index is None else row[self.index] * self.scale
        return number if self.factor is None else number * self.factor.of(row)


@dataclass(frozen=True)
class _LocatedAtom:
    """An atom with its index in the row. `peer`: the row holds the mean of similar accounts; `target`: its divisor."""

    index: int
    atom: Atom
    peer: bool = False
    target: CadenceTarget | None = None


def locate(features: Sequence[Feature], categories: Categories | None = None) -> dict[str, Located]:
    """Return the location of every fact that rows of these features, then these categories, hold."""
    located_atoms = (_value_at(index, feature) for index, feature in enumerate(features))
    atoms = [located for located in located_atoms if located is not None]
    tiers = _tiers(len(features), categories or {})
    facts = {name: _located(fact, atoms, tiers) for name, fact in FACTS.items()}
    facts |= {name: _target(FACTS[counted], atoms, tiers) for name, counted in TARGETS.items()}
    return {name: located for name, located in facts.items() if located is not None}


def _value_at(index: int, feature: Feature) -> _LocatedAtom | None:
    match feature.measure:
        case Atom() as atom:
            return _LocatedAtom(index, atom)
        case Peer(Combined(Atom() as atom, Operation.RATE_RATIO, _), True):
            return _LocatedAtom(index, atom, peer=True)
        case CadenceTarget(own, _, False) as target:
            return _LocatedAtom(index, own, target=target)
        case _:
            return None


def _tiers(features: int, categories: Categories) -> tuple[int, tuple[str, ...]] | None:
    """Return the index of the tier in a row and its vocabulary."""
    return (features + list(categories).index(TIER), categories[TIER]) if TIER in categories else None


def _located(fact: Fact, atoms: Sequence[_LocatedAtom], tiers: tuple[int, tuple[str, ...]] | None) -> Located | None:
    fitting = [candidate for candidate in atoms if _fits(fact, candidate)]
    plain = [candidate for candidate in fitting if candidate.target is None]
    nearest = _nearest(plain, fact.days)
    if nearest is None:
        return _by_target(fact, _nearest(fitting, fact.days), tiers)
    return _pace(fact, nearest, plain) if fact.pace else Located(fact.unit, nearest.index, nearest.atom.days)


def _by_target(fact: Fact, nearest: _LocatedAtom | None, tiers: tuple[int, tuple[str, ...]] | None) -> Located | None:
    """Return a number that a row holds only divided by its target: multiplied by it again."""
    factor = None if nearest is None or nearest.target is None else _numbers(nearest.target, tiers)
    if nearest is None or factor is None or fact.pace:
        return None
    return Located(fact.unit, nearest.index, nearest.atom.days, factor=factor)


def _target(fact: Fact, atoms: Sequence[_LocatedAtom], tiers: tuple[int, tuple[str, ...]] | None) -> Located | None:
    """Return the target that the fact's number is divided by somewhere in the row."""
    targeted = [candidate for candidate in atoms if candidate.target is not None and _fits(fact, candidate)]
    nearest = _nearest(targeted, fact.days)
    factor = None if nearest is None or nearest.target is None else _numbers(nearest.target, tiers)
    return None if nearest is None or factor is None else Located(fact.unit, None, nearest.atom.days, factor=factor)


def _numbers(target: CadenceTarget, tiers: tuple[int, tuple[str, ...]] | None) -> ByWord | None:
    numbers = dict(target.targets)
    return None if tiers is None else ByWord(tiers[0], tuple(numbers.get(word, float("nan")) for word in tiers[1]))


def _nearest(atoms: Sequence[_LocatedAtom], days: int) -> _LocatedAtom | None:
    """Return the atom with the window nearest to `days`; among equals the one that looks at the most gaps."""

    def distance(candidate: _LocatedAtom) -> tuple[int, int]:
        return abs((candidate.atom.days or 0) - days), -(candidate.atom.last or 0)

    return min(atoms, key=distance, default=None)


def _pace(fact: Fact, recent: _LocatedAtom, fitting: Sequence[_LocatedAtom]) -> Located | None:
    nearest = _nearest(fitting, LONG)
    if nearest is None or not recent.atom.days or not nearest.atom.days or nearest.atom.days <= recent.atom.days:
        return None
    return Located(fact.unit, nearest.index, recent.atom.days, recent.atom.days / nearest.atom.days)


def _fits(fact: Fact, located: _LocatedAtom) -> bool:
    atom, stream = located.atom, located.atom.stream
    same = (atom.aggregation, atom.value, atom.lag, atom.months) == (fact.aggregation, fact.value, 0, fact.months)
    windowed = atom.days is not None or atom.months is not None or fact.days == 0 or fact.aggregation in _GAPS
    ruled = stream.rule is None if fact.rule is None else isinstance(stream.rule, fact.rule)
    counts = fact.kinds <= stream.kinds <= fact.kinds | fact.allowed
    return same and windowed and ruled and counts and located.peer == fact.peer
