"""The steps of one score, timed in this process."""

import time
from collections.abc import Callable

import numpy as np

from experiments.bench.score_requests import ScoreRequests, rows_of, understood
from serve.http.routes.scores import cutoff_of
from serve.http.schemas.scores import ScoreRequest
from serve.usecases.request_histories import build_histories
from serve.usecases.scoring_model import BundleScoring

TURNS = 1000


def in_process(scoring: BundleScoring, questions: ScoreRequests, reasons: int) -> dict[str, float]:
    """Return medians in microseconds.

    `features`: from the account's log to the model's row, eligibility included. `predict`: the calibrated probability.
    `reasons`: contributions and sentences. `score`: everything, with bands and warnings. `request`: from the bytes of
    the body.
    """
    scorer = scoring.scorer
    query = [understood(scoring, body) for body in questions.histories]
    rows = [rows_of(scorer, scoring_request) for scoring_request in query]
    score, request = _whole(scoring, reasons)
    requests = [ScoreRequest.model_validate_json(body) for body in questions.histories]
    turn = len(query)
    return {
        "features_us": _median_us(lambda n: rows_of(scorer, query[n % turn])),
        "predict_us": _median_us(lambda n: scorer.probability(rows[n % turn])),
        "reasons_us": _median_us(
            lambda n: scorer.explainer.explain(rows[n % turn], scorer.contributions(rows[n % turn]), reasons)
        ),
        "contributions_us": _median_us(lambda n: scorer.contributions(rows[n % turn])),
        "score_us": _median_us(lambda n: score(requests[n % turn])),
        "request_us": _median_us(lambda n: request(questions.histories[n % turn])),
    }


def _whole(scoring: BundleScoring, reasons: int) -> tuple[Callable[[ScoreRequest], object], Callable[[bytes], object]]:
    def score(request: ScoreRequest) -> object:
        cutoff = cutoff_of(request, 0)
        histories = build_histories(request.accounts_to_score, cutoff, cutoff, scoring.lag_days, scoring.time_zone)
        return scoring(histories, cutoff, "zh", reasons)

    return score, lambda body: score(ScoreRequest.model_validate_json(body))


def _median_us(work: Callable[[int], object]) -> float:
    times = np.empty(TURNS)
    for number in range(TURNS):
        started = time.perf_counter()
        work(number)
        times[number] = time.perf_counter() - started
    return float(np.median(times) * 1e6)
