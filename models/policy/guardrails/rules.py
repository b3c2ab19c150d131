"""The rules that block actions; the first one that applies is recorded with its numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.messages.coded import CodedMessage
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS
from models.policy.allocation.problem import Actions
from models.policy.guardrails.account_state import AccountState, Flags, Floats

RULES = (
    "status",
    "tier",
    "consent",
    "open",
    "rep",
    "suppressed",
    "gift_occasion",
    "gift_limit",
    "week_cap",
    "month_cap",
)
"""In the order in which they are asked. `open`, `rep`, `consent`, `tier` are also the words of the playbook's needs."""

LEAST_SHARE = 0.5
"""Of the week's days that shops have to be open, that the rep has to be there."""

NONE = -1


@dataclass(frozen=True)
class GuardrailResult:
    """n accounts × K actions. `rule`: index in RULES of what blocks, NONE where nothing does. `number`, `limit`: what
    the rule found and what it allows; NaN where it has no number. The first action is always allowed."""

    rule: NDArray[np.int8]
    number: Floats
    limit: Floats

    @property
    def allowed(self) -> Flags:
        return np.asarray(self.rule == NONE, dtype=bool)


@dataclass(frozen=True)
class _Verdict:
    name: str
    blocks: Flags
    number: Floats | float = np.nan
    limit: Floats | float = np.nan


def apply_guardrails(situation: AccountState, playbook: Playbook) -> GuardrailResult:
    """What each account may be given, by the playbook."""
    shape = (len(situation.tier), len(playbook.actions))
    result = GuardrailResult(np.full(shape, NONE, dtype=np.int8), np.full(shape, np.nan), np.full(shape, np.nan))
    for verdict in _verdicts(situation, playbook):
        first = np.broadcast_to(verdict.blocks, shape) & (result.rule == NONE)
        first[:, 0] = False
        result.rule[first] = RULES.index(verdict.name)
        result.number[first] = np.broadcast_to(verdict.number, shape)[first]
        result.limit[first] = np.broadcast_to(verdict.limit, shape)[first]
    return result


def _verdicts(situation: AccountState, playbook: Playbook) -> Iterator[_Verdict]:
    """One for each of RULES; caps once for each channel."""
    actions, limits = playbook.actions, playbook.limits
    needs = {need: np.array([need in action.needs for action in actions]) for need in ("consent", "open", "rep")}
    yield _Verdict("status", ~situation.active[:, None])
    yield _Verdict("tier", ~np.column_stack([np.isin(situation.tier, action.tiers) for action in actions]))
    yield _Verdict("consent", ~situation.consent[:, None] & needs["consent"])
    for need, share in (("open", situation.open_share), ("rep", situation.rep_share)):
        yield _Verdict(need, (share < LEAST_SHARE)[:, None] & needs[need], share[:, None], LEAST_SHARE)
    most = limits.suppression_after_rejections
    yield _Verdict("suppressed", situation.rejected >= most, situation.rejected, float(most))
    yield from _gift_verdicts(situation, playbook)
    for name, output, caps in (("week_cap", situation.week, limits.week), ("month_cap", situation.month, limits.month)):
        for position, channel in enumerate(CHANNELS):
            brings = Actions.of(playbook).contacts[:, position]
            would_be, cap = output[:, position, None] + brings, float(caps[channel])
            yield _Verdict(name, (would_be > cap) & (brings > 0), would_be, cap)


def _gift_verdicts(situation: AccountState, playbook: Playbook) -> Iterator[_Verdict]:
    """Gifts only where a festival asks for one, and within what a person may still be given in the year."""
    gift = np.array([action.gift for action in playbook.actions])
    if playbook.limits.gifts_at_festivals_only:
        yield _Verdict("gift_occasion", ~situation.gift_asked[:, None] & (gift > 0))
    room = situation.gift_room[:, None]
    yield _Verdict("gift_limit", gift > room, gift, room)


def blocking_reason(guarded: GuardrailResult, account: int, action: int) -> CodedMessage:
    """Return the sentence of what blocks an action. Raises KeyError where nothing does."""
    rule = int(guarded.rule[account, action])
    if rule == NONE:
        raise KeyError(f"nothing blocks action {action} of account {account}")
    numbers = {"number": float(guarded.number[account, action]), "limit": float(guarded.limit[account, action])}
    return CodedMessage(f"guardrails.{RULES[rule]}", {name: value for name, value in numbers.items() if value == value})
