"""Which table the rows of a file are, and which of its columns are ours, by names and values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kqml.importing.problems import MAPPED_REQUIRED

_ID = r"(id|code|no|nr|number|key|编号|编码|代码|号)"
_WHO = r"(shop|store|outlet|account|customer|client|dealer|门店|客户|店铺|终端|经销商)"
_REP = r"(rep|salesman|salesperson|sales.?rep|业务员|业代|人员|员工)"
_PERSON = r"(contact|联系人)"
_BARE_ID = rf"^{_ID}$"

Patterns = tuple[tuple[str, str], ...]

_EVENTS: Patterns = (
    ("account_id", rf"{_WHO}.{{0,3}}{_ID}$"),
    ("account_id", rf"^{_WHO}$"),
    ("occurred_at", r"(order|invoice|sale|visit|下单|订单|单据|销售|签到|拜访|开单).{0,3}(date|time|day|日期|时间)"),
    ("occurred_at", r"(date|day|^time|日期|时间)"),
    ("known_at", r"(created|entered|recorded|submitted|创建|提交|录入).{0,3}(at|on|date|time|日期|时间)?$"),
    ("kind", r"^(kind|type|order.?type|单据类型|业务类型|类型|拜访方式)$"),
    ("event_id", rf"^(order|invoice|document|visit|订单|单据|拜访|单|发票).{{0,3}}{_ID}$"),
    ("amount", r"(amount|money|revenue|turnover|total|sales|value|金额|销售额|货款)"),
    ("quantity", r"(quantity|qty|pieces|units|数量)"),
    ("rep_id", rf"{_REP}.{{0,3}}{_ID}?$"),
    ("minutes", r"(minutes|duration|时长)"),
)
_OPENED = r"(open|since|creat|regist|establish|建档|开户|开店|成立|注册|创建)"
_ACCOUNTS: Patterns = (
    ("account_id", rf"{_WHO}.{{0,3}}{_ID}$"),
    ("account_id", rf"^{_WHO}$"),
    ("owner_rep_id", rf"^(owner|{_REP}|负责人)\W?{_ID}?$|(负责人|业务员|业代).{{0,3}}(工号|编号)$|owner.?id$"),
    ("credit_grade", r"(credit|信用)"),
    ("latitude", r"^(lat|latitude|纬度)$"),
    ("longitude", r"^(lng|lon|long|longitude|经度)$"),
    ("route", r"(route|线路|路线)"),
    ("opening_hours", r"(opening|business).{0,1}hours|营业时间"),
    ("name", rf"^({_WHO}?\W?(full.?)?name|{_WHO}?(名称|简称|名))$"),
    ("tier", r"(tier|class|grade|level|rank|等级|级别|分级)"),
    ("status", r"(status|state|状态)$"),
    ("opened_on", _OPENED),
    ("segment", r"(segment|type|category|format|channel|业态|类型|类别|渠道)"),
    ("region", r"(region|area|district|city|territory|province|区域|大区|地区|城市|片区|省)"),
)
_CONTACTS: Patterns = (
    ("contact_id", rf"{_PERSON}.{{0,3}}{_ID}$"),
    ("account_id", rf"{_WHO}.{{0,3}}{_ID}$"),
    ("account_id", rf"^{_WHO}$"),
    ("name", rf"^({_PERSON}?\W?(full.?)?name|{_PERSON}?(姓名|名称|名)|{_PERSON})$"),
    ("role", r"(role|title|position|职务|职位|岗位)"),
    ("phone", r"(phone|mobile|^tel|电话|手机)"),
    ("birthday", r"(birth|生日)"),
)
_REPS: Patterns = (
    ("manager_id", r"(manager|supervisor|boss|上级|主管|经理)"),
    ("rep_id", rf"({_REP}|user|employee|staff).{{0,3}}{_ID}$|^工号$|(业务员|员工|人员)工号$"),
    ("name", r"^((rep|user|employee|staff)?\W?(full.?)?name|姓名|名称|业务员|员工姓名)$"),
    ("region", r"(region|area|district|territory|区域|大区|地区|片区)"),
    ("started_on", r"(hire|start|join|入职)"),
    ("left_on", r"(left|leav|terminat|^end|离职)"),
)
_COLUMNS: Mapping[str, Patterns] = {"accounts": _ACCOUNTS, "contacts": _CONTACTS, "reps": _REPS, "events": _EVENTS}
"""Table → column of ours and how it is called elsewhere, the surer names first."""

_FILES = {
    "contacts": r"(contact|联系人)",
    "reps": r"(^|[^a-z])(rep|user|employee|staff|salespeople|人员|业务员|员工)",
    "accounts": r"(account|customer|client|dealer|store|shop|outlet|客户|门店|终端|经销商|档案)",
}
"""Table → how files of it are called; such files may call their key just `id`."""

_NOT_AMOUNTS = re.compile(r"unit|price|单价|折扣|discount|tax|税", re.IGNORECASE)
_NOT_OCCURRED = re.compile(rf"{_OPENED}|last|latest|最近|最后|上次|birth|生日|update|modif|更新|修改", re.IGNORECASE)
"""Dates of accounts, contacts and reps, which are no events."""

_MEASURES = ("amount", "quantity", "minutes", "event_id", "kind")
"""Columns that events have beside their date."""


@dataclass(frozen=True)
class TableGuess:
    """The table of a file; column of ours → column of the file."""

    table: str
    columns: Mapping[str, str]


Samples = Mapping[str, Sequence[str]]
"""Column of a file → its first values that are not empty."""


def guess_table(file: str, samples: Samples) -> TableGuess:
    """Return the table that a file holds: events unless its rows are accounts, contacts or reps, each once."""
    events = _guess("events", samples)
    occurred = events.get("occurred_at", "")
    is_dated = bool(occurred) and not _NOT_OCCURRED.search(occurred)
    if is_dated and any(name in events for name in _MEASURES):
        return TableGuess("events", events)
    for table in ("contacts", "reps") if is_dated else ("contacts", "reps", "accounts"):
        columns = _guess(table, samples, any_key=re.search(_FILES[table], Path(file).stem, re.IGNORECASE) is not None)
        if _describes(table, columns, samples):
            return TableGuess(table, columns)
    return TableGuess("events", events)


def _describes(table: str, columns: Mapping[str, str], samples: Samples) -> bool:
    """Whether each row is another account, contact or rep, of which more than the ids is known."""
    required = MAPPED_REQUIRED[table]
    complete = all(name in columns for name in required) and len(columns) > len(required)
    return complete and _is_distinct(samples[columns[required[0]]])


def _is_distinct(values: Sequence[str]) -> bool:
    return len(set(values)) == len(values) > 0


def _guess(table: str, samples: Samples, *, any_key: bool = False) -> dict[str, str]:
    """Column of ours → column of the file; with `any_key` the key may be called `id` alone."""
    key = MAPPED_REQUIRED[table][0]
    patterns = ((key, _BARE_ID), *_COLUMNS[table]) if any_key else _COLUMNS[table]
    guessed: dict[str, str] = {}
    for ours, pattern in patterns:
        for name, values in samples.items():
            fits = re.search(pattern, name, re.IGNORECASE) and name not in guessed.values()
            if ours in guessed or not fits or (ours == "amount" and _NOT_AMOUNTS.search(name)):
                continue
            if ours != "event_id" or _is_distinct(values):
                guessed[ours] = name
    return guessed
