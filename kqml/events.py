"""The kinds of events: the one enum that every other name of a kind derives from."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class EventGroup(StrEnum):
    """What part of the business an event belongs to."""

    TRADE = "trade"
    CONTACT = "contact"
    HELP = "help"
    TRUST = "trust"
    MARKET = "market"
    ORGANISATION = "organisation"


@dataclass(frozen=True)
class KindSpec:
    """A kind's code in files, its group, its sign in the emotional account (+1 deposit, -1 withdrawal), names."""

    code: str
    group: EventGroup
    sign: int
    zh: str
    en: str


class EventKind(Enum):
    """Every kind of event; `number` is its index here, used in columnar arrays and never stored."""

    ORDER = KindSpec("order", EventGroup.TRADE, 0, "订货", "order")
    ORDER_CANCELLED = KindSpec("order_cancelled", EventGroup.TRADE, 0, "取消订货", "order cancelled")
    RETURN = KindSpec("return", EventGroup.TRADE, 0, "退货", "return")
    DELIVERY = KindSpec("delivery", EventGroup.TRADE, 0, "送货", "delivery")
    DELIVERY_LATE = KindSpec("delivery_late", EventGroup.TRADE, -1, "送货迟到", "late delivery")
    SHORT_SUPPLY = KindSpec("short_supply", EventGroup.TRADE, -1, "缺货少送", "short supply")
    INVOICE_ERROR = KindSpec("invoice_error", EventGroup.TRADE, -1, "票据差错", "invoice error")
    PAYMENT_DUE = KindSpec("payment_due", EventGroup.TRADE, 0, "应收款到期", "payment due")
    PAYMENT_RECEIVED = KindSpec("payment_received", EventGroup.TRADE, 0, "收到货款", "payment received")

    VISIT = KindSpec("visit", EventGroup.CONTACT, 1, "拜访", "visit")
    CALL = KindSpec("call", EventGroup.CONTACT, 1, "电话", "call")
    MESSAGE = KindSpec("message", EventGroup.CONTACT, 1, "问候", "message")
    MEETING = KindSpec("meeting", EventGroup.CONTACT, 1, "会议", "meeting")
    TRAINING = KindSpec("training", EventGroup.CONTACT, 1, "培训", "training")
    GIFT = KindSpec("gift", EventGroup.CONTACT, 1, "礼品", "gift")
    INBOUND = KindSpec("inbound", EventGroup.CONTACT, 0, "客户来访来电", "inbound contact")
    VISIT_VERIFIED = KindSpec("visit_verified", EventGroup.CONTACT, 0, "拜访核实", "visit verified")
    LIFE_EVENT = KindSpec("life_event", EventGroup.CONTACT, 0, "人生大事", "life event")

    HELP_GIVEN = KindSpec("help_given", EventGroup.HELP, 1, "帮客户解决问题", "help given")
    HELP_ASKED = KindSpec("help_asked", EventGroup.HELP, -1, "请客户帮忙", "help asked")
    HELP_RECEIVED = KindSpec("help_received", EventGroup.HELP, 0, "客户帮了忙", "help received")
    PROBLEM_RAISED = KindSpec("problem_raised", EventGroup.HELP, 0, "客户提出问题", "problem raised")

    COMPLAINT = KindSpec("complaint", EventGroup.TRUST, -1, "投诉", "complaint")
    COMPLAINT_RESOLVED = KindSpec("complaint_resolved", EventGroup.TRUST, 1, "投诉解决", "complaint resolved")
    PROMISE_MADE = KindSpec("promise_made", EventGroup.TRUST, 0, "作出承诺", "promise made")
    PROMISE_KEPT = KindSpec("promise_kept", EventGroup.TRUST, 1, "兑现承诺", "promise kept")

    COMPETITOR_SEEN = KindSpec("competitor_seen", EventGroup.MARKET, 0, "发现竞品", "competitor seen")
    SLOW_MOVING = KindSpec("slow_moving", EventGroup.MARKET, 0, "产品滞销", "slow-moving stock")
    PRICE_CHANGE = KindSpec("price_change", EventGroup.MARKET, -1, "价格变动", "price change")
    PROMOTION = KindSpec("promotion", EventGroup.MARKET, 1, "促销", "promotion")
    STOCK_OUT = KindSpec("stock_out", EventGroup.MARKET, 0, "断货", "stock-out")

    REP_ASSIGNED = KindSpec("rep_assigned", EventGroup.ORGANISATION, 0, "更换业务员", "rep assigned")
    TIER_CHANGED = KindSpec("tier_changed", EventGroup.ORGANISATION, 0, "等级变更", "tier changed")
    CREDIT_CHANGED = KindSpec("credit_changed", EventGroup.ORGANISATION, 0, "信用变更", "credit changed")
    CONTACT_ADDED = KindSpec("contact_added", EventGroup.ORGANISATION, 0, "新增联系人", "contact added")
    CONTACT_LEFT = KindSpec("contact_left", EventGroup.ORGANISATION, 0, "联系人离职", "contact left")
    CARD_UPDATED = KindSpec("card_updated", EventGroup.ORGANISATION, 0, "更新客户卡", "card updated")
    CONSENT_CHANGED = KindSpec("consent_changed", EventGroup.ORGANISATION, 0, "同意变更", "consent changed")
    ACCOUNT_SUSPENDED = KindSpec("account_suspended", EventGroup.ORGANISATION, 0, "暂停合作", "account suspended")
    ACCOUNT_CLOSED = KindSpec("account_closed", EventGroup.ORGANISATION, 0, "关店", "account closed")
    ACCOUNT_TRANSFERRED = KindSpec("account_transferred", EventGroup.ORGANISATION, 0, "转户", "account transferred")
    ACCOUNT_REOPENED = KindSpec("account_reopened", EventGroup.ORGANISATION, 0, "恢复合作", "account reopened")
    EVENT_RETRACTED = KindSpec("event_retracted", EventGroup.ORGANISATION, 0, "撤销事件", "event retracted")

    @property
    def code(self) -> str:
        return self.value.code

    @property
    def group(self) -> EventGroup:
        return self.value.group

    @property
    def sign(self) -> int:
        return self.value.sign

    @property
    def number(self) -> int:
        return _NUMBERS[self]

    def named(self, language: str) -> str:
        """The kind's name in `language` ("zh" or "en")."""
        return self.value.zh if language == "zh" else self.value.en


KINDS: tuple[EventKind, ...] = tuple(EventKind)
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
KIND_OF_CODE: dict[str, EventKind] = {kind.code: kind for kind in KINDS}


def kinds_in(*groups: EventGroup) -> tuple[EventKind, ...]:
    """All kinds of these groups, in the order of the enum."""
    return tuple(kind for kind in KINDS if kind.group in groups)
