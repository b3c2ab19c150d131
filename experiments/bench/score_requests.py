"""Requests made from a dataset: the same accounts as histories for us, as ready-made rows for MLflow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from kqml.calendar.business_time import DAY_US, moment_of
from kqml.dataset.folder import Dataset
from kqml.events import KINDS
from kqml.history.event_log import EventLog
from models.churn.logistic_line import Floats
from models.churn.scoring import Scorer, request_eligibility
from models.churn.scoring_request import ScoringRequest
from serve.http.routes.scores import cutoff_of
from serve.http.schemas.scores import ScoreRequest
from serve.usecases.request_histories import build_histories
from serve.usecases.scoring_model import BundleScoring

AFTER_DAYS = 5
"""Days between an account's last event and the cutoff at which it is asked about."""


@dataclass(frozen=True)
class ScoreRequests:
    """One body for each account. `histories`: for `POST /v1/scores`; `rows`: for MLflow's `/invocations`."""

    histories: tuple[bytes, ...]
    rows: tuple[bytes, ...]


def make_score_requests(
    dataset: Dataset, scoring: BundleScoring, count: int, events: int, reasons: int
) -> ScoreRequests:
    """Return the last `events` events of eligible accounts with enough events, evenly spread over the dataset."""
    log = dataset.event_log()
    bodies = [_body(log, index, events, reasons) for index in _indices(log, count * 2, events)]
    request = [(body, row) for body in bodies if (row := _row(scoring, body)) is not None][:count]
    return ScoreRequests(tuple(body for body, _ in request), tuple(row for _, row in request))


def _indices(log: EventLog, count: int, events: int) -> Sequence[int]:
    long = np.flatnonzero(np.diff(log.offsets) >= min(events, int(np.diff(log.offsets).max(initial=0))))
    chosen: list[int] = long[np.linspace(0, len(long) - 1, min(count, len(long))).astype(int)].tolist()
    return chosen


def _body(log: EventLog, index: int, events: int, reasons: int) -> bytes:
    end = int(log.offsets[index + 1])
    start = max(int(log.offsets[index]), end - events)
    sent = [
        {
            "event_id": f"e{number}",
            "occurred_at": moment_of(int(log.occurred_at[number])).isoformat(),
            "kind": KINDS[log.kind[number]].code,
            **{name: float(column[number]) for name, column in log.values.items() if not np.isnan(column[number])},
        }
        for number in range(start, end)
    ]
    as_of = moment_of(int(log.occurred_at[end - 1]) + AFTER_DAYS * DAY_US).isoformat()
    account = {"account_id": str(log.accounts[index]), "events": sent}
    return orjson.dumps({"as_of": as_of, "reasons": reasons, "accounts": [account]})


def understood(scoring: BundleScoring, body: bytes) -> ScoringRequest:
    """Return the scoring request of a body."""
    request = ScoreRequest.model_validate_json(body)
    cutoff = cutoff_of(request, 0)
    return scoring.scoring_request(
        build_histories(request.accounts_to_score, cutoff, cutoff, scoring.lag_days, scoring.time_zone), cutoff
    )


def rows_of(scorer: Scorer, request: ScoringRequest) -> Floats:
    """Return the model's rows of the eligible accounts of a request."""
    rows = request_eligibility(request, scorer.bundle.model.definition).rows
    parts = [values for _, values in scorer.rows(request, rows)]
    return np.concatenate(parts) if parts else np.zeros((0, len(scorer.bundle.model.columns)))


def _row(scoring: BundleScoring, body: bytes) -> bytes | None:
    """Return the account's feature row in MLflow's format; None where the account is not eligible."""
    values = rows_of(scoring.scorer, understood(scoring, body))
    return mlflow_row(scoring, values) if len(values) else None


def mlflow_row(scoring: BundleScoring, values: Floats) -> bytes:
    """Return the first row of the model in MLflow's format."""
    model = scoring.scorer.bundle.model
    numeric = len(model.numeric_columns)
    cells: list[float | str | None] = [None if np.isnan(value) else float(value) for value in values[0, :numeric]]
    for (_, words), code in zip(model.categories.items(), values[0, numeric:], strict=True):
        cells.append(None if np.isnan(code) else words[int(code)])
    return orjson.dumps({"dataframe_split": {"columns": list(model.columns), "data": [cells]}})
