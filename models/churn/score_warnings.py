"""Warnings of a score: missing or old data, values never seen in training."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from features.churn_definition import ChurnDefinition
from features.context import NEVER, UNKNOWN, recorded_since
from features.peers import PeerReference
from kqml.calendar.business_time import DAY_US, Instants, instant_of
from kqml.events import KINDS
from kqml.messages import text
from kqml.messages.quantities import Unit, quantity
from models.churn.bundle import Bundle
from models.churn.scoring_request import ScoringRequest

STALE_DAYS = 31
"""Days after which the end of a history, or the latest comparison with others, is called old."""


@dataclass(frozen=True)
class ScoreWarning:
    """Warnings of all accounts, of single ones by their index in the log, of those that are not eligible."""

    all: tuple[str, ...]
    by_account: Mapping[int, tuple[str, ...]]
    ineligible: str

    def of(self, account: int, eligible: bool) -> tuple[str, ...]:
        own = (*self.all, *self.by_account.get(account, ()))
        return own if eligible else (*own, self.ineligible)


@dataclass(frozen=True)
class Warner:
    """Warns about what is asked of one bundle. `learned_until`: the last training cutoff plus the horizon; outcomes of
    cutoffs before it overlap with labels that the model has seen. `recorded`: since when, per kind,
    in the training data."""

    bundle: Bundle
    learned_until: int
    recorded: Instants

    def warn(self, request: ScoringRequest, language: str) -> ScoreWarning:
        """Return the warnings of every account asked about."""
        return ScoreWarning(
            tuple(self._of_all(request, language)),
            self._of_words(request, language),
            _not_eligible(self.bundle.model.definition, language),
        )

    def _of_all(self, request: ScoringRequest, language: str) -> Iterator[str]:
        if request.cutoff < self.learned_until:
            yield text("warnings.outcome_learned", language)
        ended = _days_since_end(request)
        if ended is not None and ended > STALE_DAYS:
            yield text("warnings.history_ends", language, days=quantity(Unit.DAYS, ended, language))
        never = np.flatnonzero((self.recorded != NEVER) & (request.context.recorded_since >= request.cutoff))
        if len(never):
            yield text("warnings.never_recorded", language, kinds=_named(never, language))
        known = request.log.kind[request.log.known_before(request.cutoff)]
        present = np.bincount(known, minlength=len(KINDS)) > 0
        unknown = np.flatnonzero(present & (self.recorded == NEVER))
        if len(unknown):
            yield text("warnings.unknown_kinds", language, kinds=_named(unknown, language))
        if request.reference is not None:
            yield from _of_peers(request.reference, request.cutoff, language)

    def _of_words(self, request: ScoringRequest, language: str) -> dict[int, tuple[str, ...]]:
        """Words of the profile that the model does not know."""
        warned: dict[int, tuple[str, ...]] = {}
        for name, vocabulary in self.bundle.model.categories.items():
            column = text(f"warnings.column.{name}", language)
            known = {*vocabulary, None, ""}
            for account, word in enumerate(request.profile.get(name, ())):
                if word not in known and isinstance(word, str):
                    message = text("warnings.unknown_word", language, column=column, word=word)
                    warned[account] = (*warned.get(account, ()), message)
        return warned


def score_warner(bundle: Bundle) -> Warner:
    """Return the warner of a bundle."""
    last = bundle.model.info.get("last_cutoff")
    horizon = bundle.model.definition.horizon * DAY_US
    until = UNKNOWN if last is None else instant_of(datetime.fromisoformat(last)) + horizon
    return Warner(bundle, until, recorded_since(bundle.dataset))


def _days_since_end(request: ScoringRequest) -> float | None:
    """Return days from the newest event known before the cutoff to the cutoff; None where nothing is known."""
    known = request.log.known_at[request.log.known_at < request.cutoff]
    return None if not len(known) else (request.cutoff - int(known.max())) / DAY_US


def _of_peers(reference: PeerReference, cutoff: int, language: str) -> Iterator[str]:
    if not reference.columns:
        return
    earlier = reference.cutoffs[reference.cutoffs <= cutoff]
    if not len(earlier):
        yield text("warnings.peers_missing", language)
    elif (age := (cutoff - int(earlier[-1])) / DAY_US) > STALE_DAYS:
        yield text("warnings.peers_old", language, days=quantity(Unit.DAYS, age, language))


def _not_eligible(definition: ChurnDefinition, language: str) -> str:
    orders = quantity(Unit.ORDERS, definition.min_orders, language)
    return text(
        "warnings.not_eligible", language, orders=orders, days=quantity(Unit.DAYS, definition.active_within, language)
    )


def _named(kinds: Instants, language: str) -> str:
    return text("warnings.separator", language).join(KINDS[kind].named(language) for kind in kinds.tolist())
