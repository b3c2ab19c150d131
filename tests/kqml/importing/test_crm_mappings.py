"""The shipped mappings for CRM exports, each on a small export made here."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from kqml.errors import BadUse
from kqml.importing.findings import FindingLevel
from kqml.importing.mapping_file import read_mapping
from kqml.importing.pipeline import import_dataset
from kqml.importing.sources import sources_of

NOW = 1_717_200_000_000_000
"""2024-06-01 UTC."""

Table = list[list[object]]

SALESFORCE: dict[str, Table] = {
    "Account": [
        ["Id", "Name", "Type", "Industry", "BillingCity", "OwnerId", "CreatedDate", "IsDeleted"],
        ["001A", "North Pharmacy", "pharmacy", "Retail", "Hangzhou", "005X", "2022-01-05T02:00:00.000Z", "false"],
        ["001B", "East Market", "supermarket", "", "Ningbo", "005X", "2022-02-05T02:00:00.000+0000", "0"],
        ["001C", "Merged away", "pharmacy", "", "Ningbo", "005X", "2022-02-05T02:00:00.000Z", "true"],
    ],
    "Contact": [
        ["Id", "AccountId", "Name", "Title", "Phone", "Birthdate", "IsDeleted"],
        ["003A", "001A", "Sample Person", "Buyer", "1", "1980-05-04", "false"],
    ],
    "User": [["Id", "Name", "ManagerId"], ["005X", "Sample Rep", ""]],
    "Order": [
        ["Id", "AccountId", "EffectiveDate", "CreatedDate", "StatusCode", "TotalAmount", "OwnerId", "IsDeleted"],
        ["801A", "001A", "2024-03-01", "2024-03-01T03:00:00.000Z", "Activated", "120.50", "005X", "false"],
        ["801B", "001A", "2024-03-02", "2024-03-02T03:00:00.000Z", "Draft", "99", "005X", "false"],
        ["801E", "001A", "2024-03-20", "2024-03-20T03:00:00.000Z", "Activated", "30", "005X", "false"],
        ["801C", "001B", "2024-03-03", "2024-03-03T03:00:00.000Z", "A", "80", "005X", "0"],
        ["801D", "001B", "2024-03-04", "2024-03-04T03:00:00.000Z", "Activated", "70", "005X", "1"],
    ],
    "Task": [
        [
            "Id",
            "AccountId",
            "WhoId",
            "CompletedDateTime",
            "IsClosed",
            "TaskSubtype",
            "CallDurationInSeconds",
            "OwnerId",
            "IsDeleted",
        ],
        ["00TA", "001A", "003A", "2024-03-05T02:00:00.000Z", "true", "Call", "90", "005X", "false"],
        ["00TB", "001A", "003A", "", "false", "Call", "", "005X", "false"],
        ["00TC", "001B", "", "2024-03-06T02:00:00.000Z", "1", "Email", "", "005X", "false"],
        ["00TD", "001B", "", "2024-03-06T02:00:00.000Z", "true", "Task", "", "005X", "false"],
        ["00TE", "", "", "2024-03-06T02:00:00.000Z", "true", "Email", "", "005X", "false"],
    ],
    "Event": [
        [
            "Id",
            "AccountId",
            "WhoId",
            "StartDateTime",
            "CreatedDate",
            "Type",
            "DurationInMinutes",
            "OwnerId",
            "IsDeleted",
            "IsChild",
        ],
        ["00UA", "001A", "", "2024-03-07T02:00:00.000Z", "2024-03-01T02:00:00.000Z", "", "45", "005X", "false", "0"],
        ["00UB", "001B", "", "2024-03-08T02:00:00.000Z", "2024-03-08T09:00:00.000Z", "Call", "5", "005X", "0", "false"],
        ["00UC", "001B", "", "2024-08-08T02:00:00.000Z", "2024-03-08T09:00:00.000Z", "", "5", "005X", "0", "false"],
    ],
    "Case": [
        [
            "Id",
            "AccountId",
            "ContactId",
            "Type",
            "Origin",
            "CreatedDate",
            "ClosedDate",
            "IsClosed",
            "OwnerId",
            "IsDeleted",
        ],
        [
            "500A",
            "001A",
            "003A",
            "",
            "Phone",
            "2024-03-10T02:00:00.000Z",
            "2024-03-14T02:00:00.000Z",
            "true",
            "005X",
            "0",
        ],
        ["500B", "001B", "", "Question", "Web", "2024-03-11T02:00:00.000Z", "", "false", "005X", "0"],
    ],
}

SALESFORCE_EVENTS = [
    ("001A", "order", 120.5, None, None),
    ("001A", "call", None, 1.5, None),
    ("001A", "visit", None, 45.0, None),
    ("001A", "complaint", None, None, None),
    ("001A", "complaint_resolved", None, None, "500A"),
    ("001A", "order", 30.0, None, None),
    ("001B", "order", 80.0, None, None),
    ("001B", "message", None, None, None),
    ("001B", "call", None, 5.0, None),
    ("001B", "problem_raised", None, None, None),
]

DYNAMICS: dict[str, Table] = {
    "account": [
        ["accountid", "name", "customertypecode", "address1_city", "_ownerid_value", "createdon", "statecode"],
        ["a1", "North Pharmacy", "3", "Hangzhou", "u1", "2022-01-05T02:00:00Z", "0"],
        ["a2", "East Market", "3", "Ningbo", "u1", "2022-01-05T02:00:00Z", "1"],
    ],
    "contact": [
        ["contactid", "_parentcustomerid_value", "fullname", "jobtitle", "telephone1", "birthdate"],
        ["c1", "a1", "Sample Person", "Buyer", "1", "1980-05-04"],
    ],
    "systemuser": [["systemuserid", "fullname", "_parentsystemuserid_value"], ["u1", "Sample Rep", ""]],
    "salesorder": [
        ["salesorderid", "_customerid_value", "createdon", "statecode", "totalamount_base", "_ownerid_value"],
        ["o1", "a1", "2024-03-01T02:00:00Z", "3", "120.5", "u1"],
        ["o2", "a2", "2024-03-02T02:00:00Z", "2", "1000", "u1"],
        ["o4", "a1", "2024-03-20T02:00:00Z", "0", "30", "u1"],
        ["o3", "a2", "2024-03-03T02:00:00Z", "0", "80", "u1"],
    ],
    "phonecall": [
        [
            "activityid",
            "_regardingobjectid_value",
            "actualend",
            "statecode",
            "directioncode",
            "actualdurationminutes",
            "_ownerid_value",
        ],
        ["p1", "a1", "2024-03-05T02:00:00Z", "1", "true", "3", "u1"],
        ["p2", "a1", "2024-03-06T02:00:00Z", "1", "false", "2", "u1"],
        ["p3", "a1", "", "0", "true", "", "u1"],
    ],
    "email": [
        ["activityid", "_regardingobjectid_value", "actualend", "statecode", "directioncode", "_ownerid_value"],
        ["e1", "a2", "2024-03-05T02:00:00Z", "1", "", "u1"],
    ],
    "appointment": [
        [
            "activityid",
            "_regardingobjectid_value",
            "scheduledstart",
            "actualend",
            "statecode",
            "actualdurationminutes",
            "_ownerid_value",
        ],
        ["v1", "a2", "2024-03-07T02:00:00Z", "2024-03-07T03:00:00Z", "1", "50", "u1"],
        ["v2", "a2", "2024-03-08T02:00:00Z", "", "2", "", "u1"],
    ],
    "incident": [
        [
            "incidentid",
            "_customerid_value",
            "createdon",
            "modifiedon",
            "statecode",
            "casetypecode",
            "_primarycontactid_value",
            "_ownerid_value",
        ],
        ["i1", "a1", "2024-03-10T02:00:00Z", "2024-03-14T02:00:00Z", "1", "", "c1", "u1"],
        ["i2", "a2", "2024-03-11T02:00:00Z", "2024-03-12T02:00:00Z", "1", "1", "", "u1"],
        ["i3", "a2", "2024-03-11T02:00:00Z", "2024-03-12T02:00:00Z", "2", "2", "", "u1"],
    ],
}

DYNAMICS_EVENTS = [
    ("a1", "order", 120.5, None, None),
    ("a1", "call", None, 3.0, None),
    ("a1", "inbound", None, 2.0, None),
    ("a1", "complaint", None, None, None),
    ("a1", "complaint_resolved", None, None, "i1"),
    ("a1", "order", 30.0, None, None),
    ("a2", "order", 80.0, None, None),
    ("a2", "message", None, None, None),
    ("a2", "visit", None, 50.0, None),
    ("a2", "problem_raised", None, None, None),
    ("a2", "help_given", None, None, "i2"),
]

FIELD_APP: dict[str, Table] = {
    "客户档案": [
        ["客户编号", "客户名称", "客户等级", "客户类型", "所属区域", "负责人工号", "建档日期", "状态"],
        ["K001", "城北药店", "A类", "药店", "杭州", "Y01", "2022-01-05", "正常"],
        ["K002", "城东超市", "丙", "商超", "宁波", "Y01", "2022-02-05", "停用"],
    ],
    "人员": [
        ["工号", "姓名", "上级工号", "所属区域", "入职日期", "离职日期"],
        ["Y01", "示例业务员", "", "杭州", "2021-01-01", ""],
    ],
    "订单明细202403": [
        ["客户编号", "下单时间", "单据类型", "商品编码", "数量", "金额", "业务员工号"],
        ["K001", "2024-03-01 10:00:00", "销售订单", "S1", 2, "¥1,100.50", "Y01"],
        ["K001", "2024-03-01 10:00:00", "销售订单", "S2", 1, "20元", "Y01"],
        ["K001", "2024-03-01 10:00:00", "赠品单", "S3", 1, "0", "Y01"],
        ["K001", "2024-03-20 10:00:00", "销售订单", "S1", 1, "30", "Y01"],
        ["K002", "2024-03-02 10:00:00", "销售订单", "S1", 1, "80", "Y01"],
        ["K002", "2024-03-03 10:00:00", "退货单", "S1", 1, "40", "Y01"],
    ],
    "拜访记录202403": [
        ["拜访编号", "客户编号", "业务员工号", "签到时间", "提交时间", "拜访方式", "拜访时长(分钟)", "状态"],
        ["B1", "K001", "Y01", "2024-03-05 09:00:00", "2024-03-05 18:00:00", "上门拜访", 35, "已完成"],
        ["B2", "K001", "Y01", "2024-03-06 09:00:00", "2024-03-06 18:00:00", "微信", "", "完成"],
        ["B3", "K002", "Y01", "2024-03-07 09:00:00", "", "", "", ""],
        ["B4", "K002", "Y01", "2024-03-08 09:00:00", "", "电话", "", "已取消"],
    ],
}

FIELD_APP_EVENTS = [
    ("K001", "order", 1120.5, None, None),
    ("K001", "visit", None, 35.0, None),
    ("K001", "message", None, None, None),
    ("K001", "order", 30.0, None, None),
    ("K002", "order", 80.0, None, None),
    ("K002", "return", 40.0, None, None),
    ("K002", "visit", None, None, None),
]


def csv_files(desk, tables: dict[str, Table]) -> list[Path]:
    texts = {}
    for name, rows in tables.items():
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        texts[f"{name}.csv"] = text.getvalue()
    return desk.write(texts)


def excel_files(desk, tables: dict[str, Table]) -> list[Path]:
    paths = []
    for name, rows in tables.items():
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        paths.append(desk.folder / f"{name}.xlsx")
        book.save(paths[-1])
    return paths


@pytest.mark.parametrize(
    ("name", "write", "tables", "events"),
    [
        ("salesforce", csv_files, SALESFORCE, SALESFORCE_EVENTS),
        ("dynamics365", csv_files, DYNAMICS, DYNAMICS_EVENTS),
        ("field_app_zh", excel_files, FIELD_APP, FIELD_APP_EVENTS),
    ],
)
def test_an_export_becomes_a_dataset(desk, name: str, write, tables, events) -> None:
    report = import_dataset(read_mapping(name), sources_of(write(desk, tables), None), desk.out, NOW)

    assert [f for f in report.findings if f.level is FindingLevel.REFUSAL] == []
    found = desk.events().reindex(columns=["account_id", "kind", "amount", "minutes", "ref"])
    rows = [tuple(None if value != value else value for value in row) for row in found.itertuples(index=False)]
    assert rows == events
    accounts = desk.dataset().accounts()
    assert list(accounts.index) == sorted({account for account, *_ in events})
    assert list(desk.dataset().reps()["name"]) in (["Sample Rep"], ["示例业务员"])


def test_only_orders_are_needed(desk) -> None:
    """Activities, cases, contacts may be absent: a company may have bought a part of the product only."""
    files = csv_files(desk, {name: SALESFORCE[name] for name in ("Account", "Order")})

    import_dataset(read_mapping("salesforce"), sources_of(files, None), desk.out, NOW)

    assert desk.columns("account_id", "kind") == [("001A", "order"), ("001A", "order"), ("001B", "order")]


def test_a_mapping_is_used_in_another_time_zone(desk) -> None:
    mapping = read_mapping("salesforce").elsewhere("America/New_York", "USD")
    files = csv_files(desk, {name: SALESFORCE[name] for name in ("Account", "Order")})

    import_dataset(mapping, sources_of(files, None), desk.out, NOW)

    info = desk.dataset().info
    assert (info.time_zone, info.currency) == ("America/New_York", "USD")
    assert str(desk.columns("occurred_at")[0][0]) == "2024-03-01 05:00:00+00:00"


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadUse, match="cannot be used") as refused:
        read_mapping("salesforce").elsewhere("Mars/Base", None)

    assert refused.value.faults[0].where == "--time-zone"
