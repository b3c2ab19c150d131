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
from kqml.messages.coded import CodedMessage, KindName, Quantity
from kqml.messages.quantities import Unit
from models.churn.bundle import Bundle
from models.churn.scoring_request import ScoringRequest

STALE_DAYS = 31
"""Days after which the end of a history, or the latest comparison with others, is called old."""


@dataclass(frozen=True)
class ScoreWarning:
    """Warnings of all accounts, of single ones by their index in the log, of those that are not eligible."""

    all: tuple[CodedMessage, ...]
    by_account: Mapping[int, tuple[CodedMessage, ...]]
    ineligible: CodedMessage

    def of(self, account: int, eligible: bool) -> tuple[CodedMessage, ...]:
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

    def warn(self, request: ScoringRequest) -> ScoreWarning:
        """Return the warnings of every account asked about."""
        return ScoreWarning(
            tuple(self._of_all(request)),
            self._of_words(request),
            _not_eligible(self.bundle.model.definition),
        )

    def _of_all(self, request: ScoringRequest) -> Iterator[CodedMessage]:
        if request.cutoff < self.learned_until:
            yield CodedMessage("warnings.outcome_learned")
        ended = _days_since_end(request)
        if ended is not None and ended > STALE_DAYS:
            yield CodedMessage("warnings.history_ends", {"days": Quantity(Unit.DAYS, ended)})
        never = np.flatnonzero((self.recorded != NEVER) & (request.context.recorded_since >= request.cutoff))
        if len(never):
            yield CodedMessage("warnings.never_recorded", {"kinds": _named(never)})
        known = request.log.kind[request.log.known_before(request.cutoff)]
        present = np.bincount(known, minlength=len(KINDS)) > 0
        unknown = np.flatnonzero(present & (self.recorded == NEVER))
        if len(unknown):
            yield CodedMessage("warnings.unknown_kinds", {"kinds": _named(unknown)})
        if request.reference is not None:
            yield from _of_peers(request.reference, request.cutoff)

    def _of_words(self, request: ScoringRequest) -> dict[int, tuple[CodedMessage, ...]]:
        """Words of the profile that the model does not know."""
        warned: dict[int, tuple[CodedMessage, ...]] = {}
        for name, vocabulary in self.bundle.model.categories.items():
            column = CodedMessage(f"warnings.column.{name}")
            known = {*vocabulary, None, ""}
            for account, word in enumerate(request.profile.get(name, ())):
                if word not in known and isinstance(word, str):
                    message = CodedMessage("warnings.unknown_word", {"column": column, "word": word})
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


def _of_peers(reference: PeerReference, cutoff: int) -> Iterator[CodedMessage]:
    if not reference.columns:
        return
    earlier = reference.cutoffs[reference.cutoffs <= cutoff]
    if not len(earlier):
        yield CodedMessage("warnings.peers_missing")
    elif (age := (cutoff - int(earlier[-1])) / DAY_US) > STALE_DAYS:
        yield CodedMessage("warnings.peers_old", {"days": Quantity(Unit.DAYS, age)})


def _not_eligible(definition: ChurnDefinition) -> CodedMessage:
    orders = Quantity(Unit.ORDERS, definition.min_orders)
    return CodedMessage(
        "warnings.not_eligible", {"orders": orders, "days": Quantity(Unit.DAYS, definition.active_within)}
    )


def _named(kinds: Instants) -> list[KindName]:
    return [KindName(KINDS[kind]) for kind in kinds.tolist()]
