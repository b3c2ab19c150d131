"""Which columns of a model speak of the same events as a sentence: their contributions must bear it out."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from features.definitions import Code, Feature, atoms_of
from features.rules import Ledger
from models.churn.reasons.named_facts import FACTS, TARGETS, Fact


def evidence_columns(features: Sequence[Feature], code: Code, names: Iterable[str]) -> NDArray[np.intp]:
    """The places of the code's features that count events which one of the facts `names` counts too.

    The emotional account counts nearly all events, so that only its own features and facts go together.
    """
    facts = [FACTS[TARGETS.get(name, name)] for name in names if TARGETS.get(name, name) in FACTS]
    own = [place for place, feature in enumerate(features) if feature.code is code]
    return np.array([place for place in own if any(_alike(features[place], fact) for fact in facts)], dtype=np.intp)


def _alike(feature: Feature, fact: Fact) -> bool:
    streams = [atom.stream for atom in atoms_of(feature.measure)]
    of_feelings = any(isinstance(stream.rule, Ledger) for stream in streams)
    if of_feelings or fact.rule is Ledger:
        return of_feelings and fact.rule is Ledger
    return any(stream.kinds & fact.kinds for stream in streams)
