"""A published bundle, ready to score."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from features.context import UNKNOWN, Context, quiet_periods, recorded_since
from kqml.calendar.business_time import Instants, instant_of, local_midnight
from kqml.contract.histories import AccountToScore, EventFields, ProfileFields
from kqml.errors import CouldNot, Fault
from kqml.messages import text
from models.churn.bundle import Bundle, load_bundle
from models.churn.scoring import Scorer, as_json, create_scorer
from models.churn.scoring_request import ScoringRequest
from models.registry.served_pointer import ServedPointer, read_pointer
from serve.usecases.request_histories import Histories, Surroundings, build_histories
from serve.usecases.served_model import LiveModel

_COPY_AGAIN = "`kqml serve` copies it again from the registry within seconds, `kqml promote VERSION` at once"


def load_live(pointer: Path) -> LiveModel:
    """Load the model that the pointer names and warm it up. Raises CouldNot where pointer or bundle are broken."""
    published = read_pointer(pointer)
    bundle = _published_bundle(pointer.parent / published.folder, published)
    score = BundleScoring(create_scorer(bundle))
    _warm(score)
    return LiveModel(published.version, bundle.model.grade, score, _card(bundle, published), score.scorer)


def _published_bundle(folder: Path, published: ServedPointer) -> Bundle:
    try:
        return load_bundle(folder, published.fingerprint)
    except CouldNot as error:
        faults = [Fault(fault.where, fault.what, _COPY_AGAIN) for fault in error.faults]
        raise CouldNot(error.message, faults) from error


class BundleScoring:
    """Scores the histories of requests by one bundle; what depends on the bundle only is computed once."""

    def __init__(self, scorer: Scorer) -> None:
        info = scorer.bundle.dataset
        self.time_zone = info.time_zone
        self.lag_days = info.lag_days
        self.scorer = scorer
        self._trained_on = Surroundings(recorded_since(info), quiet_periods(info), info.time_zone)

    def __call__(self, histories: Histories, cutoff: int, language: str, reasons: int) -> list[dict[str, Any]]:
        """Return one score per account of the log, in its order, as the API's dict."""
        scores = [
            as_json(score, language) for score in self.scorer.score(self.scoring_request(histories, cutoff), reasons)
        ]
        for key, counts in (("empty_orders", histories.empty_orders), ("hidden", histories.hidden)):
            for index in np.flatnonzero(counts):
                scores[index]["warnings"].append(text(f"service.{key}", language, n=int(counts[index])))
        return scores

    def scoring_request(self, histories: Histories, cutoff: int) -> ScoringRequest:
        """Return the histories as the model's request, compared with the peers in the bundle."""
        around = histories.surroundings or self._trained_on
        opened = opened_at(histories.profiles, around.time_zone)
        context = Context(around.recorded_since, opened, around.time_zone, around.quiet)
        words = {
            "tier": [profile.get("tier") for profile in histories.profiles],
            "segment": [profile.get("segment") for profile in histories.profiles],
            "region": [profile.get("region") for profile in histories.profiles],
        }
        return ScoringRequest(histories.log, context, cutoff, words, self.scorer.bundle.peers)


def opened_at(profiles: Sequence[ProfileFields], time_zone: str) -> Instants:
    """Return the local midnight of each account's `opened_on`, UNKNOWN where absent."""
    days = [profile.get("opened_on") for profile in profiles]
    return np.array([UNKNOWN if day is None else local_midnight(day, time_zone) for day in days], dtype=np.int64)


def _warm(score: BundleScoring) -> None:
    """Scores an invented account, so that no request waits for compilation or caches."""
    events: list[EventFields] = [
        {"occurred_at": f"2024-01-{day:02}T00:00:00+00:00", "kind": "order"} for day in range(1, 29)
    ]
    account = AccountToScore("warm", None, events)
    cutoff = instant_of(datetime.fromisoformat("2024-02-01T00:00:00+00:00"))
    histories = build_histories([account], cutoff, cutoff, score.lag_days, score.time_zone)
    for language in ("zh", "en"):
        score(histories, cutoff, language, 3)


def _card(bundle: Bundle, published: ServedPointer) -> Mapping[str, Any]:
    """The fields of `serve.http.schemas.scores.ModelCard` besides version and grade."""
    model, definition = bundle.model, bundle.model.definition
    return {
        "since": published.since or None,
        "trained_at": model.trained_at,
        "fingerprint": bundle.fingerprint,
        "definition": {
            "horizon": definition.horizon,
            "gap": definition.gap,
            "min_orders": definition.min_orders,
            "active_within": definition.active_within,
        },
        "base_rate": model.base_rate,
        "bands": model.bands.model_dump(),
        "features": len(model.numeric_columns),
        "catalog_fingerprint": model.catalog_fingerprint,
        "dataset_fingerprint": bundle.dataset.fingerprint,
        "time_zone": bundle.dataset.time_zone,
    }
