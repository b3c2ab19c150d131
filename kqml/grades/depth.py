"""The depth of a relationship (domain §6): evidence, level, single contact."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.history.closings import is_closed, referral_closing
from kqml.history.event_log import Indices
from kqml.history.known_history import Floats, KnownHistory, Mask
from kqml.playbook import Playbook
from kqml.playbook.relationship import DepthLevel

LEVELS = ("none", "basic", "middle", "high")

IN_TOUCH = (EventKind.VISIT, EventKind.MEETING, EventKind.TRAINING, EventKind.CALL)
"""Kinds in which we deal with a person; a greeting message alone meets nobody."""

SOLVING = (EventKind.HELP_GIVEN, EventKind.COMPLAINT_RESOLVED)


@dataclass(frozen=True)
class DepthEvidence:
    """Per account what its level rests on; NaN where the data do not record it.

    `contacts_met`: distinct people we dealt with. `meetings`: as the playbook counts them. `problems_solved`: help
    given, complaints resolved. `asks_granted`: granted ÷ asked, 0 where nothing was asked. `card_filled`: share of the
    card's weight. `channels`: distinct kinds of contact.
    """

    contacts_met: Floats
    meetings: Floats
    problems_solved: Floats
    asks_granted: Floats
    card_filled: Floats
    channels: Floats

    @cached_property
    def criteria(self) -> Mapping[str, Floats]:
        """What levels ask for, by the names of DepthLevel."""
        names = ("contacts_met", "meetings", "problems_solved", "asks_granted", "card_filled")
        return {name: getattr(self, name) for name in names}


def depth_evidence(
    known: KnownHistory, playbook: Playbook, card_filled: Floats, since: int | None = None
) -> DepthEvidence:
    """The evidence of the playbook's window before the cutoff, or of the time from `since` on."""
    start = known.cutoff - round(playbook.depth.window_days * DAY_US) if since is None else since
    return DepthEvidence(
        contacts_met=_distinct(known, known.of_kinds(IN_TOUCH, start), "contact_id"),
        meetings=meetings(known, playbook, start),
        problems_solved=known.total(known.of_kinds(SOLVING, start)) if known.records(SOLVING) else _nothing(known),
        asks_granted=_shown(known, asks_granted(known, start)),
        card_filled=card_filled,
        channels=_kinds_used(known, known.of_kinds((*IN_TOUCH, EventKind.MESSAGE), start)),
    )


def depth_levels(result: DepthEvidence, playbook: Playbook) -> NDArray[np.object_]:
    """The highest of LEVELS that is met, as all below it are, by every criterion recorded; None where none is."""
    steps = (playbook.depth.basic, playbook.depth.middle, playbook.depth.high)
    reached = np.array([met_criteria(result, step).all(axis=0) for step in steps])
    names: NDArray[np.object_] = np.array(LEVELS, dtype=object)[np.logical_and.accumulate(reached).sum(axis=0)]
    names[np.isnan(np.column_stack([*result.criteria.values()])).all(axis=1)] = None
    return names


def met_criteria(result: DepthEvidence, step: DepthLevel) -> Mask:
    """Criteria × accounts: at least as much as the level takes, or not recorded."""
    takes = asdict(step)
    rows = [np.isnan(values) | (values >= takes[name]) for name, values in result.criteria.items()]
    return np.array(rows, dtype=np.bool_)


def single_contact(result: DepthEvidence, playbook: Playbook) -> NDArray[np.object_]:
    """Whether so few people are known there that one who leaves takes the relationship along; None where people are not
    recorded."""
    few = playbook.facts.get("shallow", {}).get("people", 1.0)
    single = (result.contacts_met <= few).astype(object)
    single[np.isnan(result.contacts_met)] = None
    return single


def meetings(known: KnownHistory, playbook: Playbook, since: int) -> Floats:
    """Meetings in person since an instant, those too short or not authentic in part, as the playbook counts visits."""
    counting = playbook.counting
    if not known.records(counting.kinds["visit"]):
        return _nothing(known)
    indices = known.of_kinds(counting.kinds["visit"], since)
    worth = counting.worth("visit", known.log.value("minutes", indices), known.log.value("authenticity", indices))
    return known.total(indices, worth)


def asks_granted(known: KnownHistory, since: int) -> Floats:
    """Of what we asked since an instant, the share that was granted; NaN where we asked for nothing, where what was
    granted is not recorded."""
    asks = known.of_kinds([EventKind.HELP_ASKED] if known.records([EventKind.HELP_RECEIVED]) else [], since)
    granted, request = (
        known.total(asks, is_closed(known, asks, referral_closing(EventKind.HELP_ASKED)).astype(np.float64)),
        known.total(asks),
    )
    return np.divide(granted, request, out=_nothing(known), where=request > 0)


def _shown(known: KnownHistory, granted: Floats) -> Floats:
    """Where asks are recorded and none was made, nothing shows that they would help us: 0."""
    result = known.records([EventKind.HELP_ASKED]) and known.records([EventKind.HELP_RECEIVED])
    return np.nan_to_num(granted) if result else granted


def _distinct(known: KnownHistory, indices: Indices, name: str) -> Floats:
    """Distinct values of a code column per account, NaN where the data lack the column."""
    if name not in known.log.codes:
        return _nothing(known)
    codes = known.log.codes[name][indices]
    result = _distinct_pairs(known, known.log.account[indices][codes >= 0], codes[codes >= 0].astype(np.int64))
    return result if known.records(IN_TOUCH) else _nothing(known)


def _kinds_used(known: KnownHistory, indices: Indices) -> Floats:
    return _distinct_pairs(known, known.log.account[indices], known.log.kind[indices].astype(np.int64))


def _distinct_pairs(known: KnownHistory, account: Indices, codes: Indices) -> Floats:
    pairs = np.unique((account << 32) + codes)
    return np.bincount(pairs >> 32, minlength=known.log.account_count).astype(np.float64)


def _nothing(known: KnownHistory) -> Floats:
    return np.full(known.log.account_count, np.nan)
