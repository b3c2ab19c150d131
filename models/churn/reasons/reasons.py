"""Reasons of a score: the codes with the largest contributions, in words with the account's own numbers.

Symptoms say what we see, causes (domain §8) what goes with it. A cause is given only when at least half of its
contribution comes from numbers that lie where, by their expected direction, they should push as they do, and when
one of its sentences holds for the account, about events whose numbers push that way; otherwise no cause is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from features.definitions import Code, Feature
from kqml.messages.coded import Text
from kqml.playbook import read_playbook
from models.churn.reasons.contributions import CODES, CodeMap, CodeSums, Floats, code_map, code_sums
from models.churn.reasons.sentences import Thresholds, Way
from models.churn.reasons.wording import Row, Wording, choose_sentence, vocabulary, wording

LEAST = 0.02
"""Log-odds below which a contribution is not worth a sentence: it changes the odds by 2 %."""

SUPPORTED = 0.5

Role = Literal["symptom", "cause"]


@dataclass(frozen=True)
class Reason:
    """One code's share of a score in log-odds, with its sentence; `direction`: of the churn probability."""

    code: Code
    direction: Way
    contribution: float
    message: Text

    @property
    def role(self) -> Role:
        return "cause" if self.code.is_cause else "symptom"

    def text(self, language: str) -> str:
        """Return the reason in words."""
        return self.message.text(language)

    def as_json(self, language: str) -> dict[str, Any]:
        """Return the reason in the shape of the API."""
        return {**self._facts(), "text": self.text(language)}

    def as_record(self) -> dict[str, Any]:
        """Return the reason as it is stored: its sentence as a key with values."""
        return {**self._facts(), "message": self.message.as_json()}

    def _facts(self) -> dict[str, Any]:
        return {"code": self.code.value, "direction": self.direction, "contribution": self.contribution}


@dataclass(frozen=True)
class Explainer:
    """What turns the rows of one model into reasons."""

    codes: CodeMap
    wording: Wording

    def explain(self, values: Floats, contributions: Floats, count: int) -> list[tuple[Reason, ...]]:
        """Return per row of (R, F) its `count` weightiest reasons, weightiest first; `contributions` (R, F + 1).

        From two reasons on, the weightiest raising cause that holds is always among them.
        """
        sums = code_sums(self.codes, values, contributions)
        order = np.argsort(-np.abs(sums.totals), axis=1, kind="stable")
        return [
            _reasons(_Speaker(self.wording, row, contributions[position]), _candidates(sums, order, position), count)
            for position, row in enumerate(values.tolist())
        ]


Candidate = tuple[Code, Way, float]


@dataclass(frozen=True)
class _Speaker:
    """What speaks about one row: the sentences, its values, its contributions."""

    words: Wording
    row: Row
    contributions: Floats

    def reason(self, candidate: Candidate) -> Reason | None:
        code, way, contribution = candidate
        message = choose_sentence(self.words, code, way, self.row, self.contributions)
        return None if message is None else Reason(code, way, contribution, message)


def create_explainer(
    features: Sequence[Feature],
    categories: Mapping[str, tuple[str, ...]],
    typical: Floats,
    currency: str,
    thresholds: Thresholds | None = None,
) -> Explainer:
    """Return the explainer of a model with these features, then these categories; `typical` (F): usual values.

    `thresholds`: the playbook's `facts`, those of the preset `pharmacy` where none are given.
    """
    facts = vocabulary(features, categories, read_playbook().facts if thresholds is None else thresholds)
    return Explainer(code_map(features, len(categories), typical), wording(facts, currency))


def _candidates(sums: CodeSums, order: NDArray[np.intp], position: int) -> list[Candidate]:
    """Return the codes of a row that may speak, weightiest first."""
    totals, supported = sums.totals[position].tolist(), sums.supported[position].tolist()
    chosen: list[Candidate] = []
    for index in order[position].tolist():
        total = totals[index]
        if abs(total) < LEAST:
            break
        code = CODES[index]
        if not code.is_cause or supported[index] / total >= SUPPORTED:
            chosen.append((code, "rising" if total > 0 else "falling", total))
    return chosen


def _reasons(speaker: _Speaker, candidates: Sequence[Candidate], count: int) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    for position, candidate in enumerate(candidates):
        if len(reasons) == count:
            return _with_a_cause(speaker, reasons, candidates[position:])
        reason = speaker.reason(candidate)
        if reason is not None:
            reasons.append(reason)
    return tuple(reasons)


def _with_a_cause(speaker: _Speaker, reasons: Sequence[Reason], rest: Sequence[Candidate]) -> tuple[Reason, ...]:
    """Return the reasons, the last one replaced by the weightiest raising cause of the rest where they have none."""
    if len(reasons) < 2 or any(_is_raising_cause(reason) for reason in reasons):
        return tuple(reasons)
    for candidate in rest:
        if candidate[0].is_cause and candidate[1] == "rising":
            cause = speaker.reason(candidate)
            if cause is not None:
                return (*reasons[:-1], cause)
    return tuple(reasons)


def _is_raising_cause(reason: Reason) -> bool:
    return reason.code.is_cause and reason.direction == "rising"


def knows_cause(reasons: Sequence[Reason]) -> bool:
    """Return whether a cause that raises the churn probability is among them."""
    return any(_is_raising_cause(reason) for reason in reasons)
