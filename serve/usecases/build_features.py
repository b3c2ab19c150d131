"""Build the feature matrix of a dataset at some cutoffs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.catalog import catalog, catalog_fingerprint
from features.cutoffs import default_cutoff, parse_cutoff
from features.matrix_file import write_matrix
from features.plan import compile_plan
from features.streaming import BuiltMatrix, stream_dataset
from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Count, Fingerprint, Moment, PositiveInteger
from kqml.dataset.folder import read_dataset
from kqml.errors import BadUse, Fault
from kqml.playbook import Playbook
from serve.usecases.model_registry import ModelReference


@dataclass(frozen=True)
class FeatureMatrixRequest:
    """A dataset folder, cutoffs as written (none: the end of the data), the Parquet file to write."""

    dataset: Path
    cutoffs: tuple[str, ...]
    playbook: Playbook
    out: Path
    force: bool


@dataclass(frozen=True)
class FeatureMatrixResult:
    """The matrix written. `columns`: how many; `catalog`: fingerprint of the features; `model`: the version that the
    matrix is for, None for the features of the whole catalog."""

    out: str
    rows: Count
    accounts: Count
    columns: PositiveInteger
    cutoffs: list[Moment]
    catalog: Fingerprint
    model: ModelReference | None


def build_features(request: FeatureMatrixRequest, advance: Callable[[int], None]) -> FeatureMatrixResult:
    """Write every feature of every account as it was known at each cutoff; `advance` is called with rows done."""
    refuse_existing_file(request.out, request.force)
    dataset, plan = read_dataset(request.dataset), compile_plan(catalog(request.playbook))
    zone = dataset.info.time_zone
    named = [parse_cutoff(words, zone) for words in request.cutoffs]
    cutoffs = np.unique(named or [default_cutoff(dataset.event_log(), zone)])
    counter = _AccountCounter()
    parts = counter.count(stream_dataset(dataset, cutoffs, plan), advance)
    write_matrix(request.out, plan.columns, parts)
    return FeatureMatrixResult(
        out=str(request.out),
        rows=counter.accounts * len(cutoffs),
        accounts=counter.accounts,
        columns=len(plan.columns),
        cutoffs=[moment_of(cutoff, zone).isoformat() for cutoff in cutoffs.tolist()],
        catalog=catalog_fingerprint(plan.features),
        model=None,
    )


def refuse_existing_file(out: Path, force: bool) -> None:
    """Raise BadUse where the file exists and is not to be replaced."""
    if out.exists() and not force:
        raise BadUse("The matrix was not written.", [Fault(str(out), "exists already", "give --force to replace it")])


@dataclass
class _AccountCounter:
    """Counts the accounts that are done."""

    accounts: int = 0

    def count(self, parts: Iterable[BuiltMatrix], advance: Callable[[int], None]) -> Iterator[BuiltMatrix]:
        for part in parts:
            yield part
            self.accounts += len(part.accounts)
            advance(len(part.rows))
