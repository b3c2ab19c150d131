"""The features by our engine."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.bench.feature_build.feature_requests import FeatureRequest
from features.plan import compile_plan
from features.streaming import BuiltMatrix, stream_dataset
from kqml.dataset.folder import read_dataset


def by_chunks(folder: Path, request: FeatureRequest, cutoffs: list[int]) -> Iterator[BuiltMatrix]:
    """As `kqml features` builds them."""
    yield from stream_dataset(read_dataset(folder), np.array(cutoffs), compile_plan(request.features))
