"""Categorical inputs: the words a column may hold, the codes that stand for them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Vocabulary = Mapping[str, tuple[str, ...]]


def vocabulary_of(profile: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the distinct words of each column, ascending; columns without any word are left out."""
    words = {str(name): tuple(sorted(profile[name].dropna().unique().tolist())) for name in profile.columns}
    return {name: known for name, known in words.items() if known}


def codes_of(profile: pd.DataFrame, vocabulary: Vocabulary) -> NDArray[np.float64]:
    """Return per row and column the index of the word in the vocabulary; NaN where it is absent or unknown."""
    codes = np.full((len(profile), len(vocabulary)), np.nan)
    for place, (name, words) in enumerate(vocabulary.items()):
        if name in profile:
            result = pd.Index(words).get_indexer(pd.Index(profile[name]))
            codes[result >= 0, place] = result[result >= 0]
    return codes
