"""Next actions in the API."""

from typing import Any, Literal

from typing_extensions import TypedDict

from kqml.bands import Band
from kqml.contract.claims import ClaimedMoney
from kqml.contract.decisions import WeekDecision
from kqml.contract.fields import Moment, Probability
from kqml.contract.notes import ContactNote
from kqml.contract.scores import ModelRef, ReasonOut

Urgency = Literal["today", "this_week", "can_wait"]
Basis = Literal["randomised", "observational", "prior", "unknown"]


class CodedText(TypedDict):
    """A code with its sentence."""

    code: str
    text: str


class Alternative(TypedDict):
    """Another allowed action. `value`: its net value against `wait`; null while its interval includes zero or no
    evidence supports one. `basis`: of its rank."""

    action: str
    value: ClaimedMoney | None
    basis: Basis


class BlockedAction(TypedDict):
    """An action that a guardrail blocks, the rule, the sentence for it."""

    action: str
    rule: str
    text: str


class RepHours(TypedDict):
    """What the rep has left for this account in the week, without the open actions for other accounts."""

    rep_id: str
    minutes: float
    stops: float
    money: float


class NextAction(TypedDict):
    """The next action for an account. `action`, `urgency`: null where no action may be recommended, `because` says why.
    `value`: as of alternatives. `evidence`: whether effects are `learned`, else why not. `probability`: with which the
    action was chosen, null where the week's decision stands. `rep`, `decision`: null where there is none, and for a
    history in the request, whose rep's week is not known. `decision_id`: of the decision that the request stored, or
    that was stored already; null in a preview. `notes`: of the last contacts, without their personal parts."""

    account_id: str
    churn_probability: Probability | None
    band: Band | None
    reasons: list[ReasonOut]
    value_at_risk: float | None
    action: str | None
    urgency: Urgency | None
    because: CodedText
    value: ClaimedMoney | None
    basis: Basis | None
    evidence: CodedText | None
    probability: Probability | None
    brief: dict[str, Any] | None
    notes: list[ContactNote]
    alternatives: list[Alternative]
    blocked: list[BlockedAction]
    rep: RepHours | None
    decision: WeekDecision | None
    warnings: list[str]
    decision_id: str | None


class NextActions(TypedDict):
    """The next actions in the order of the request. `model`: null without one."""

    model: ModelRef | None
    as_of: Moment
    next_actions: list[NextAction]
