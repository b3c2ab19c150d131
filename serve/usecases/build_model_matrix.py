"""Build the feature matrix that one model version takes: its rows, its columns, its categories."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.cutoffs import default_cutoff, parse_cutoff
from features.matrix_file import matrix_schema, matrix_table, write_tables
from kqml.calendar.business_time import moment_of
from kqml.dataset.folder import Dataset, read_dataset
from kqml.settings import Settings
from models.churn.logistic_line import Floats
from models.churn.scoring import Scorer, create_scorer, request_eligibility
from models.registry.versions import find_version, read_bundle
from serve.usecases.build_features import FeatureMatrixResult, refuse_existing_file
from serve.usecases.model_registry import ModelReference, registry_client
from serve.usecases.scoring_question import scoring_request


@dataclass(frozen=True)
class ModelMatrixRequest:
    """A dataset folder, cutoffs as written (none: the end of the data), a version or alias, the Parquet file to
    write."""

    dataset: Path
    cutoffs: tuple[str, ...]
    model: str
    out: Path
    force: bool


def build_model_matrix(
    request: ModelMatrixRequest, settings: Settings, advance: Callable[[int], None]
) -> FeatureMatrixResult:
    """Write the rows that `kqml score` gives to the version: the eligible accounts at each cutoff, by the version's own
    playbook, compared with each other. Raises BadUse where there is no such version."""
    refuse_existing_file(request.out, request.force)
    registry = registry_client(settings)
    version = find_version(registry, request.model)
    scorer = create_scorer(read_bundle(registry, version))
    model = scorer.bundle.model
    dataset = read_dataset(request.dataset)
    zone = dataset.info.time_zone
    named = [parse_cutoff(words, zone) for words in request.cutoffs]
    cutoffs = np.unique(named or [default_cutoff(dataset.event_log(), zone)]).tolist()
    matrix = _ModelMatrix(scorer, dataset, advance)
    write_tables(request.out, matrix.schema, (table for cutoff in cutoffs for table in matrix.tables(cutoff)))
    return FeatureMatrixResult(
        out=str(request.out),
        rows=matrix.rows,
        accounts=len(matrix.accounts),
        columns=len(model.columns),
        cutoffs=[moment_of(cutoff, zone).isoformat() for cutoff in cutoffs],
        catalog=model.catalog_fingerprint,
        model=ModelReference(str(version.number), model.grade),
    )


class _ModelMatrix:
    """Builds the rows cutoff by cutoff and counts them."""

    def __init__(self, scorer: Scorer, dataset: Dataset, advance: Callable[[int], None]) -> None:
        self._scorer, self._dataset, self._advance = scorer, dataset, advance
        model = scorer.bundle.model
        self.schema = matrix_schema(model.numeric_columns, tuple(model.categories))
        self.rows = 0
        self.accounts: set[str] = set()

    def tables(self, cutoff: int) -> Iterator[pa.Table]:
        request = scoring_request(self._dataset.known_before(cutoff), cutoff)
        eligible = request_eligibility(request, self._scorer.bundle.model.definition).rows
        names = np.array([str(name) for name in request.log.accounts], dtype=object)[eligible.account]
        for part, values in self._scorer.rows(request, eligible):
            yield matrix_table(self.schema, names[part], eligible.cutoff[part], self._columns(values))
            self.rows += len(values)
            self.accounts.update(names[part])
            self._advance(len(values))

    def _columns(self, values: Floats) -> list[Floats | list[str | None]]:
        categories = self._scorer.bundle.model.categories
        width = values.shape[1] - len(categories)
        words = [
            [None if np.isnan(code) else known[int(code)] for code in column]
            for known, column in zip(categories.values(), values[:, width:].T, strict=True)
        ]
        return [*values[:, :width].T, *words]
