"""Scores: probability, band, reasons, warnings of every account of a log at one cutoff."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.catalog import catalog, catalog_fingerprint
from features.churn_definition import ChurnDefinition
from features.definitions import Feature
from features.eligibility import Eligibility, eligibility_of
from features.engine import build_reference, stream_features
from features.peers import PeerCells, Peers
from features.plan import FeaturePlan, compile_plan
from features.rows import Rows
from features.single_account_eligibility import single_account_eligibility
from kqml.bands import Band
from kqml.errors import CouldNot, Fault
from kqml.history.event_log import EventLog
from kqml.messages.coded import CodedMessage
from kqml.playbook import Playbook
from models.churn.bands import assign_bands
from models.churn.bundle import Bundle
from models.churn.logistic_line import Floats
from models.churn.reasons.reasons import Explainer, Reason, create_explainer, knows_cause
from models.churn.score_warnings import ScoreWarning, Warner, score_warner
from models.churn.scoring_request import ScoringRequest, Words

CHUNK = 8_192
"""Rows whose features and contributions are in memory at a time."""

FEW = 8
"""Rows up to which the prepared single-row calls are faster than LightGBM's batch call."""

Watch = Callable[[NDArray[np.int64], Floats], None]
"""Told the indices of accounts with their feature rows."""


@dataclass(frozen=True)
class AccountScore:
    """One account's answer; probability and band are None when it is not eligible, `reasons` then empty."""

    account_id: str
    churn_probability: float | None
    band: Band | None
    eligible: bool
    reasons: tuple[Reason, ...]
    warnings: tuple[CodedMessage, ...]

    @property
    def lacks_cause(self) -> bool:
        """Whether it must be said that no cause is known: not at low risk, none of the reasons is a raising cause."""
        return bool(self.reasons) and self.band != "low" and not knows_cause(self.reasons)

    @property
    def symptoms(self) -> tuple[Reason, ...]:
        """What we see."""
        return tuple(reason for reason in self.reasons if reason.role == "symptom")

    @property
    def causes(self) -> tuple[Reason, ...]:
        """What goes with it."""
        return tuple(reason for reason in self.reasons if reason.role == "cause")


@dataclass(frozen=True)
class Scorer:
    """A bundle made ready to score; holds no state, may be used from many threads."""

    bundle: Bundle
    plan: FeaturePlan
    explainer: Explainer
    warner: Warner

    def score(self, request: ScoringRequest, reasons: int = 3) -> list[AccountScore]:
        """One score per account of the log, in its order."""
        return [score for chunk in self.stream(request, reasons) for score in chunk]

    def stream(
        self, request: ScoringRequest, reasons: int = 3, watch: Watch | None = None
    ) -> Iterator[list[AccountScore]]:
        """Yield the same scores, part by part in the order of accounts, in memory bounded by the part; `watch` is
        told each part's feature rows before it is scored."""
        model = self.bundle.model
        warned = self.warner.warn(request)
        eligibility = request_eligibility(request, model.definition)
        done = 0
        for rows, values in self.rows(request, eligibility.rows):
            if watch is not None:
                watch(eligibility.rows.account[rows].astype(np.int64), values)
            scored = self._scored(eligibility, rows, values, reasons)
            end = request.log.account_count if rows.stop == len(eligibility.rows) else int(scored[-1].account) + 1
            yield _with_ineligible(request.log, range(done, end), scored, warned)
            done = end
        if done < request.log.account_count:
            yield _with_ineligible(request.log, range(done, request.log.account_count), [], warned)

    def rows(self, request: ScoringRequest, rows: Rows) -> Iterator[tuple[slice, Floats]]:
        """Yield the model's rows (features, then categories) of `rows`, part by part."""
        cells = self.cells(request.profile, rows)
        reference = request.reference
        if reference is None and len(self.plan.peers):
            reference = build_reference(request.log, rows, self.plan, request.context, cells)
        peers = Peers(cells, reference)
        parts = stream_features(request.log, rows, self.plan, request.context, peers=peers, chunk=CHUNK)
        for span, numbers in parts:
            yield span, np.hstack([numbers, self._codes(request.profile, rows.account[span])])

    def probability(self, values: Floats) -> Floats:
        """Calibrated probabilities of rows (R, F), by the faster of two ways that give the same bits."""
        model = self.bundle.model
        if len(values) > FEW:
            return model.probability(values)
        return np.array([model.probability_of_one(row) for row in values])

    def contributions(self, values: Floats) -> Floats:
        """Contributions (R, F + 1) in log-odds before calibration, the bias last."""
        model = self.bundle.model
        if len(values) > FEW:
            return model.contributions(values)
        return np.stack([model.contributions_of_one(row) for row in values])

    def _scored(self, eligibility: Eligibility, rows: slice, values: Floats, count: int) -> "list[_Scored]":
        model = self.bundle.model
        probability = self.probability(values)
        bands = assign_bands(probability, eligibility.already_silent[rows], model.base_rate, model.bands)
        reasons: list[tuple[Reason, ...]] = [()] * len(values)
        if count:
            reasons = self.explainer.explain(values, self.contributions(values), count)
        accounts = eligibility.rows.account[rows].tolist()
        return list(map(_Scored, accounts, probability.tolist(), bands, reasons))

    def cells(self, profile: Mapping[str, Words], rows: Rows) -> PeerCells:
        """Cells by tier where the model knows tiers, else by segment."""
        if not self.plan.needs_cells:
            return PeerCells.none(len(rows))
        first = "tier" if "tier" in self.bundle.model.categories else "segment"
        nothing: Words = [None] * (int(rows.account.max(initial=-1)) + 1)
        wide, region = profile.get(first, nothing), profile.get("region", nothing)
        accounts = rows.account.tolist()
        return PeerCells.of([wide[account] for account in accounts], [region[account] for account in accounts])

    def _codes(self, profile: Mapping[str, Words], accounts: NDArray[np.int32]) -> Floats:
        codes = np.full((len(accounts), len(self.bundle.model.categories)), np.nan)
        for index, (name, vocabulary) in enumerate(self.bundle.model.categories.items()):
            if name in profile:
                known = {word: float(code) for code, word in enumerate(vocabulary)}
                words = profile[name]
                codes[:, index] = [known.get(words[account] or "", np.nan) for account in accounts.tolist()]
        return codes


@dataclass(frozen=True)
class _Scored:
    """The answer for one eligible account, by its index in the log."""

    account: int
    probability: float
    band: Band
    reasons: tuple[Reason, ...]


def create_scorer(bundle: Bundle, spoken: Playbook | None = None) -> Scorer:
    """Return the scorer of a bundle.

    Its numbers are those of the bundle's own playbook; `spoken`: the one whose thresholds its reasons speak by, where
    it is another. Raises CouldNot where this program's catalog cannot build its columns.
    """
    features = scored_features(bundle)
    model = bundle.model
    return Scorer(
        bundle,
        compile_plan(features),
        create_explainer(
            features, model.categories, bundle.typical, bundle.dataset.currency, (spoken or bundle.playbook).facts
        ),
        score_warner(bundle),
    )


def scored_features(bundle: Bundle) -> tuple[Feature, ...]:
    """Return the features of a model's numeric columns.

    Raises CouldNot where the catalog has changed since the training.
    """
    known = {feature.column: feature for feature in catalog(bundle.playbook)}
    model = bundle.model
    unknown = [column for column in model.numeric_columns if column not in known]
    if unknown:
        faults = [
            Fault(column, "the catalog of this version has no such feature", "train a model with this version of kqml")
            for column in unknown
        ]
        raise CouldNot("The model needs features that the catalog does not have.", faults)
    features = tuple(known[column] for column in model.numeric_columns)
    if catalog_fingerprint(features) != model.catalog_fingerprint:
        message = (
            f"the model's is {model.catalog_fingerprint[:12]}…, this version's is {catalog_fingerprint(features)[:12]}…"
        )
        raise CouldNot(
            "The model was trained with another version of the catalog.",
            [Fault("catalog fingerprint", message, "train a model with this version of kqml")],
        )
    return features


def as_json(score: AccountScore, language: str) -> dict[str, Any]:
    """Return the score in the shape of the API."""
    reasons = [reason.as_json(language) for reason in score.reasons]
    return {**_numbers(score), "reasons": reasons, "warnings": [warning.text(language) for warning in score.warnings]}


def as_record(score: AccountScore) -> dict[str, Any]:
    """Return the score as it is stored: its sentences as keys with values."""
    reasons = [reason.as_record() for reason in score.reasons]
    return {**_numbers(score), "reasons": reasons, "warnings": [warning.as_json() for warning in score.warnings]}


def _numbers(score: AccountScore) -> dict[str, Any]:
    return {name: getattr(score, name) for name in ("account_id", "churn_probability", "band", "eligible")}


def request_eligibility(request: ScoringRequest, definition: ChurnDefinition) -> Eligibility:
    """Return the eligible accounts asked about with the standing of each; a single account takes the short way."""
    if request.log.account_count == 1:
        return single_account_eligibility(request.log, request.context, definition, request.cutoff)
    return eligibility_of(request.log, request.context, definition, np.array([request.cutoff], dtype=np.int64))


def _with_ineligible(
    log: EventLog, accounts: range, scored: Sequence[_Scored], warned: ScoreWarning
) -> list[AccountScore]:
    by_account = {item.account: item for item in scored}
    scores = []
    for account in accounts:
        name, item = str(log.accounts[account]), by_account.get(account)
        warnings = warned.of(account, item is not None)
        if item is None:
            scores.append(AccountScore(name, None, None, False, (), warnings))
            continue
        score = AccountScore(name, item.probability, item.band, True, item.reasons, warnings)
        if score.lacks_cause:
            score = replace(score, warnings=(*warnings, CodedMessage("warnings.no_known_cause")))
        scores.append(score)
    return scores
