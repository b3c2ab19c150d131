"""Wording of a reason: the first variant of the code's sentence that the account's numbers support."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from string import Formatter

import numpy as np
from numpy.typing import NDArray

from features.definitions import Code, Feature
from kqml.messages import LANGUAGES, catalogue
from kqml.messages.coded import CodedMessage, Quantity, Value
from kqml.messages.quantities import Unit
from models.churn.reasons.facts import Located, locate
from models.churn.reasons.named_facts import evidence_columns
from models.churn.reasons.sentences import VARIANTS, Claim, Threshold, Thresholds, Variant, Way

WINDOW = "_window"
"""What turns the name of a fact into the name of its window."""

Row = Sequence[float]
_RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Vocabulary:
    """A row's `features` with the facts they hold: `numbers` by name, and `words`: a category's index in the row with
    its vocabulary; with the `thresholds` that claims are made against."""

    features: Sequence[Feature]
    numbers: Mapping[str, Located]
    words: Mapping[str, tuple[int, tuple[str, ...]]]
    thresholds: Thresholds


@dataclass(frozen=True)
class Sentence:
    """One variant made ready: its key in the catalogues, its claims as tests of a row, its blanks as functions of a
    row (None: missing), the `windows` that it names.

    `backing`: the columns of the same events, whose contributions must push the way the sentence says.
    """

    key: str
    tests: tuple[Callable[[Row], bool], ...]
    blanks: tuple[tuple[str, Callable[[Row], Value | None]], ...]
    windows: Mapping[str, Quantity]
    backing: NDArray[np.intp]

    def about(self, row: Row) -> CodedMessage | None:
        """Return the sentence, or None where a number is missing or a claim does not hold."""
        if not all(test(row) for test in self.tests):
            return None
        filled: dict[str, Value] = dict(self.windows)
        for name, blank in self.blanks:
            value = blank(row)
            if value is None:
                return None
            filled[name] = value
        return CodedMessage(self.key, filled)

    def is_backed(self, contributions: NDArray[np.float64], way: Way) -> bool:
        """Return whether what these columns of a row contribute goes the sentence's way."""
        pushed = float(contributions[self.backing].sum())
        return pushed > 0 if way == "rising" else pushed < 0


Wording = Mapping[tuple[Code, Way], tuple[Sentence, ...]]


def vocabulary(
    features: Sequence[Feature], categories: Mapping[str, tuple[str, ...]], thresholds: Thresholds
) -> Vocabulary:
    """Return the facts that a row of these features, followed by these categories, holds."""
    words = {name: (len(features) + offset, known) for offset, (name, known) in enumerate(categories.items())}
    return Vocabulary(features, locate(features, categories), words, thresholds)


def wording(facts: Vocabulary, currency: str) -> Wording:
    """Return every sentence that can be said with these facts, ready to be filled, in order of preference."""
    return {
        (code, way): tuple(
            sentence
            for variant in variants
            if (sentence := _sentence(facts, (code, way), variant, currency)) is not None
        )
        for way, by_code in VARIANTS.items()
        for code, variants in by_code.items()
    }


def choose_sentence(
    words: Wording, code: Code, way: Way, row: Row, contributions: NDArray[np.float64] | None = None
) -> CodedMessage | None:
    """Return the first sentence that fits the row, and for a cause the row's contributions where they are given;
    None where none does."""
    for sentence in words[code, way]:
        if contributions is not None and code.is_cause and not sentence.is_backed(contributions, way):
            continue
        message = sentence.about(row)
        if message is not None:
            return message
    return None


def names_in(template: str) -> list[str]:
    """Return the blanks of a template, in order."""
    return [name for _, name, _, _ in Formatter().parse(template) if name]


def _sentence(facts: Vocabulary, key: tuple[Code, Way], variant: Variant, currency: str) -> Sentence | None:
    """Return the variant made ready, or None where the model does not hold what it names or claims. Its blanks are the
    same in all languages."""
    template = template_of(key, variant.name, LANGUAGES[0])
    named = tuple(dict.fromkeys(name for name in names_in(template) if not name.endswith(WINDOW)))
    claimed = [side for claim in variant.claims for side in (claim.left, claim.right) if isinstance(side, str)]
    tests = tuple(_test(facts, claim) for claim in variant.claims)
    if not all(name in facts.numbers or name in facts.words for name in named) or None in tests:
        return None
    if not _windows_agree(facts, {*named, *claimed}, template):
        return None
    blanks = tuple((name, _blank(facts, name, currency)) for name in named)
    ready = tuple(test for test in tests if test)
    backed_by = evidence_columns(facts.features, key[0], {*named, *claimed})
    return Sentence(f"reasons.{key[0]}.{key[1]}.{variant.name}", ready, blanks, _windows(facts, template), backed_by)


def template_of(key: tuple[Code, Way], variant: str, language: str) -> str:
    """Return the sentence with its blanks still open."""
    result = catalogue("reasons", language)[key[0]][key[1]][variant]
    return str(result)


def _windows(facts: Vocabulary, template: str) -> dict[str, Quantity]:
    return {
        name: Quantity(Unit.DAYS, facts.numbers[name.removesuffix(WINDOW)].days or 0)
        for name in names_in(template)
        if name.endswith(WINDOW)
    }


def _windows_agree(facts: Vocabulary, used: set[str], template: str) -> bool:
    """Return whether every number counts over a window that the sentence names (or it names none)."""
    shown = {name.removesuffix(WINDOW) for name in names_in(template) if name.endswith(WINDOW)}
    days = {facts.numbers[name].days for name in shown}
    counted = {facts.numbers[name].days for name in used if name in facts.numbers} - {None}
    return not shown or counted <= days


def _test(facts: Vocabulary, claim: Claim) -> Callable[[Row], bool] | None:
    if claim.relation == "is":
        position, known = facts.words.get(claim.left, (0, ()))
        return partial(_is, position, float(known.index(str(claim.right)))) if claim.right in known else None
    left = facts.numbers.get(claim.left)
    right = facts.numbers.get(claim.right) if isinstance(claim.right, str) else None
    if left is None or (isinstance(claim.right, str) and right is None):
        return None
    compare, share = _RELATIONS[claim.relation], _settled(facts, claim.share)
    if right is not None:
        return partial(_against_fact, compare, left, right, share)
    return None if isinstance(claim.right, str) else partial(_against, compare, left, _settled(facts, claim.right))


def _settled(facts: Vocabulary, number: float | Threshold) -> float:
    return number.of(facts.thresholds) if isinstance(number, Threshold) else float(number)


def _is(position: int, code: float, row: Row) -> bool:
    return row[position] == code


def _against(compare: Callable[[float, float], bool], left: Located, right: float, row: Row) -> bool:
    return compare(left.of(row), right)


def _against_fact(
    compare: Callable[[float, float], bool], left: Located, right: Located, share: float, row: Row
) -> bool:
    """False where either is missing, as comparisons with NaN are."""
    return compare(left.of(row), right.of(row) * share)


def _blank(facts: Vocabulary, name: str, currency: str) -> Callable[[Row], Value | None]:
    if name in facts.words:
        return partial(_word, *facts.words[name])
    located = facts.numbers[name]
    return partial(_number, located, currency if located.unit is Unit.MONEY else None)


def _word(position: int, known: tuple[str, ...], row: Row) -> str | None:
    code = row[position]
    return None if math.isnan(code) or code < 0 else known[int(code)]


def _number(located: Located, currency: str | None, row: Row) -> Quantity | None:
    value = located.of(row)
    return None if math.isnan(value) else Quantity(located.unit, value, currency)
