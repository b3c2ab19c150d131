"""Good files of every format: what becomes of their rows."""

import sqlite3
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kqml.errors import BadUse, CouldNot, Refused
from kqml.importing.findings import FindingLevel

ROWS = [("A", "2024-01-01", 5.5), ("A", "2024-01-08", 6.0), ("B", "2024-01-03", 7.0), ("B", "2024-01-10", 0.25)]
EVENTS = [
    ("A", "2023-12-31 16:00:00+00:00", "order", 5.5),
    ("A", "2024-01-07 16:00:00+00:00", "order", 6.0),
    ("B", "2024-01-02 16:00:00+00:00", "order", 7.0),
    ("B", "2024-01-09 16:00:00+00:00", "order", 0.25),
]
CSV = "shop,day,money\n" + "".join(f"{shop},{day},{money}\n" for shop, day, money in ROWS)


def seen(desk) -> list[tuple[object, ...]]:
    rows = desk.columns("account_id", "occurred_at", "kind", "amount")
    return [(account, str(moment), kind, amount) for account, moment, kind, amount in rows]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.txt", CSV.replace(",", ";")),
        ("a.tsv", CSV.replace(",", "\t").replace("\n", "\r\n")),
        ("bom.csv", "\ufeff" + CSV),
        ("quoted.csv", CSV.replace("A,", '" A ",').replace("shop", '"shop"')),
    ],
)
def test_csv_is_read_whatever_its_dialect(desk, name: str, content: str) -> None:
    desk.bring({name: content})

    assert seen(desk) == EVENTS


def test_a_chinese_file_is_read_in_the_encoding_that_the_mapping_names(desk) -> None:
    mapping = """
time_zone = "Asia/Shanghai"
[[events]]
encoding = "gb18030"
[events.columns]
account_id = "门店"
occurred_at = { column = "日期", format = "%Y年%m月%d日" }
kind = { column = "类型", values = { "订货" = "order", "退货" = "return" }, skip = ["盘点"] }
amount = { column = "金额", thousands = "," }
"""
    rows = ['2日,订货,"1,200.5"', "3日,盘点,0", "4日,退货,-3", "5日,订货,1"]
    text = "门店,日期,类型,金额\n" + "".join(f"一店,2024年01月0{row}\n" for row in rows)

    report = desk.bring({"单据.csv": text.encode("gb18030")}, mapping)

    assert seen(desk) == [
        ("一店", "2024-01-01 16:00:00+00:00", "order", 1200.5),
        ("一店", "2024-01-03 16:00:00+00:00", "return", 3.0),
        ("一店", "2024-01-04 16:00:00+00:00", "order", 1.0),
    ]
    assert [(f.message, f.count) for f in report.findings if f.level is FindingLevel.LEFT_OUT] == [("skipped", 1)]


STRIPPED = """
time_zone = "Asia/Shanghai"
[[events]]
[events.columns]
account_id = "shop"
occurred_at = "day"
kind = { constant = "order" }
amount = { column = "money", thousands = ",", strip = ["¥", "￥", "元"] }
"""


def test_named_signs_of_money_are_taken_away(desk) -> None:
    desk.bring({"a.csv": 'shop,day,money\nA,2024-01-01,"¥ 1,200.50"\nA,2024-01-08,￥3\nA,2024-01-09,-4 元\n'}, STRIPPED)

    assert [(kind, amount) for _, _, kind, amount in seen(desk)] == [("order", 1200.5), ("order", 3.0), ("return", 4.0)]


def test_a_sign_of_money_that_is_not_named_is_a_fault(desk) -> None:
    report = desk.bring({"a.csv": "shop,day,money\nA,2024-01-01,$5\nA,2024-01-08,¥5\n"}, STRIPPED)

    assert not report.usable
    assert [(finding.message, finding.values) for finding in report.findings if finding.column == "amount"] == [
        ("unparsable", ("$5",))
    ]


def test_a_decimal_comma_is_not_taken_for_one_of_thousands(desk) -> None:
    report = desk.bring({"a.csv": 'shop,day,money\nA,2024-01-01,"12,50"\nA,2024-01-08,"1,200,300"\n'}, STRIPPED)

    assert not report.usable
    assert [(finding.message, finding.values) for finding in report.findings if finding.column == "amount"] == [
        ("unparsable", ("12,50",))
    ]


def test_decimal_and_thousands_must_differ(desk) -> None:
    with pytest.raises(BadUse, match="decimal and thousands are both ','"):
        desk.bring({"a.csv": CSV}, STRIPPED.replace('thousands = ","', 'thousands = ",", decimal = ","'))


def test_excel_is_read_with_its_own_dates_and_numbers(desk, tmp_path: Path) -> None:
    from datetime import datetime

    book = openpyxl.Workbook()
    sheet = book.create_sheet("orders")
    sheet.append(["shop", "day", "money"])
    for shop, day, money in ROWS[:2]:
        sheet.append([shop, datetime.fromisoformat(day), money])
    sheet.append([None, None, None])
    for shop, day, money in ROWS[2:]:
        sheet.append([shop, day, str(money)])
    book.save(tmp_path / "a.xlsx")

    desk.take([tmp_path / "a.xlsx"], MAPPING.replace('files = ["*"]', 'files = ["*"]\nsheet = "orders"'))

    assert seen(desk) == EVENTS


def test_an_absent_sheet_is_named_with_those_there_are(desk, tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "a.xlsx")

    with pytest.raises(Refused, match=r"a.xlsx: has no sheet 'orders' – use one of Sheet"):
        desk.take([tmp_path / "a.xlsx"], MAPPING.replace('files = ["*"]', 'files = ["*"]\nsheet = "orders"'))


@pytest.mark.parametrize(
    "days",
    [
        pa.array([day for _, day, _ in ROWS]),
        pa.array([day for _, day, _ in ROWS]).cast(pa.date32()),
        pa.array([day for _, day, _ in ROWS]).cast(pa.timestamp("ns")),
    ],
    ids=["text", "dates", "clock times"],
)
def test_parquet_is_read_whatever_its_type_of_date(desk, tmp_path: Path, days: pa.Array) -> None:
    table = pa.table({"shop": [row[0] for row in ROWS], "day": days, "money": [row[2] for row in ROWS]})
    pq.write_table(table, tmp_path / "a.parquet")

    desk.take([tmp_path / "a.parquet"])

    assert seen(desk) == EVENTS


def test_numbers_that_name_accounts_lose_their_point(desk, tmp_path: Path) -> None:
    table = pa.table({"shop": [17850.0, 17850.0, None], "day": ["2024-01-01"] * 3, "money": [1, 2, 3]})
    pq.write_table(table, tmp_path / "a.parquet")

    desk.take([tmp_path / "a.parquet"], MAPPING + "[tolerate]\nmissing_account_id = 0.4\n")

    assert {account for (account,) in desk.columns("account_id")} == {"17850"}


def test_a_query_is_read_through_sqlalchemy(desk, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE o (shop TEXT, day TEXT, money REAL)")
        connection.executemany("INSERT INTO o VALUES (?, ?, ?)", ROWS)
    connection.close()

    desk.take([], MAPPING, (f"sqlite:///{tmp_path}/shop.db", "SELECT shop, day, money FROM o"))

    assert seen(desk) == EVENTS


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("sqlite:///{}/shop.db", CouldNot, "The query sql failed at sqlite:.*no such table: o"),
        ("nonsense", BadUse, "The address given with --sql cannot be used"),
        ("oracle://u:secret@host/x", BadUse, "The address given with --sql cannot be used"),
    ],
)
def test_a_query_that_fails_says_why(desk, tmp_path: Path, url: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as told:
        desk.take([], MAPPING, (url.format(tmp_path), "SELECT shop, day, money FROM o"))
    assert "secret" not in str(told.value)


def test_order_lines_become_one_order_for_each_account_and_day(desk) -> None:
    mapping = """
time_zone = "Asia/Shanghai"
[[events]]
[events.columns]
account_id = "shop"
occurred_at = "at"
kind = { column = "no", prefixes = { C = "return" }, otherwise = "order" }
amount = { product = ["price", "pieces"] }
quantity = "pieces"
rep_id = "rep"
[events.aggregate]
per = "day"
lines = "item"
"""
    rows = [
        "1,A,2024-01-01 23:50,x,0.1,3,r1",
        "1,A,2024-01-01 08:00,y,2,1,r2",
        "1,A,2024-01-01 08:00,x,0.1,1,r3",
        "C2,A,2024-01-01 12:00,x,0.1,-2,r1",
        "3,A,2024-01-02 00:10,z,4,-1,r1",  # a day that sums to less than nothing is a return
        "4,A,2024-01-03 09:00,z,4,1,r1",  # a day that sums to nothing is no order
        "4,A,2024-01-03 10:00,z,4,-1,r1",
        "5,A,2024-01-04 10:00,z,4,1,r1",
    ]

    header = "no,shop,at,item,price,pieces,rep"
    files = {"a[1]*.csv": "\n".join([header, *rows[:2]]), "b.csv": "\n".join([header, *rows[2:]])}
    report = desk.bring(files, mapping)

    assert [
        (str(moment)[:16], *rest)
        for moment, *rest in desk.columns("occurred_at", "kind", "amount", "quantity", "lines", "rep_id")
    ] == [
        ("2024-01-01 04:00", "return", 0.2, 2.0, 1.0, "r1"),
        ("2024-01-01 15:50", "order", 2.4, 5.0, 2.0, "r3"),
        ("2024-01-01 16:10", "return", 4.0, 1.0, 1.0, "r1"),
        ("2024-01-04 02:00", "order", 4.0, 1.0, 1.0, "r1"),
    ]
    counted = {finding.message: finding.count for finding in report.findings}
    assert (counted["zero_orders"], counted["negative_orders"]) == (1, 1)
    assert [(rows.read, rows.retained) for rows in report.tables] == [(8, 4)]


def test_a_day_of_another_kind_that_sums_below_nothing_is_a_fault(desk) -> None:
    mapping = MAPPING.replace('{ constant = "order" }', '"what"') + '[events.aggregate]\nper = "day"\n'
    paid = "".join(f"A,2024-01-0{day},{money},payment_received\n" for day, money in ((2, 5), (2, -3), (3, 5), (3, -7)))
    rows = "shop,day,money,what\nA,2024-01-01,5,order\nA,2024-01-08,5,order\n" + paid

    report = desk.bring({"a.csv": rows}, mapping)

    refused = [(f.code, f.count, f.rows, f.values) for f in report.findings if f.level is FindingLevel.REFUSAL]
    assert refused == [("out_of_range_amount", 1, (), ())]


def test_signs_are_read_row_by_row_where_nothing_is_summed(desk) -> None:
    rows = ["A,2024-01-01,5", "A,2024-01-02,-5", "A,2024-01-03,0", "A,2024-01-04,", "A,2024-01-05,1"]

    desk.bring({"a.csv": "shop,day,money\n" + "\n".join(rows) + "\n"})

    kinds_and_amounts = [(kind, str(amount)) for kind, amount in desk.columns("kind", "amount")]
    assert kinds_and_amounts == [("order", "5.0"), ("return", "5.0"), ("order", "nan"), ("order", "1.0")]


def test_several_tables_of_theirs_become_one_of_ours(desk) -> None:
    mapping = """
time_zone = "UTC"
[lags]
call = 1.5
[[events]]
files = ["orders*"]
[events.columns]
account_id = "shop"
occurred_at = "day"
kind = { constant = "order" }
[[events]]
files = ["contacts*"]
[events.columns]
account_id = "who"
occurred_at = "at"
known_at = "typed"
kind = { column = "how", values = { T = "call", V = "visit" } }
minutes = { column = "length", decimal = "," }
attributes = { columns = ["note", "how"] }
[[accounts]]
files = ["shops*"]
[accounts.columns]
account_id = "id"
opened_on = { column = "since", format = "%d.%m.%Y" }
tier = { column = "class", values = { "甲" = "A", "乙" = "B" } }
[[reps]]
files = ["reps*"]
optional = true
[reps.columns]
rep_id = "rep"
"""
    files = {
        "orders.csv": "shop,day\nA,2024-01-01\nA,2024-01-08\nB,2024-01-02\n",
        "contacts.csv": "who,at,typed,how,length,note\n"
        'A,2024-01-03 10:00,,T,"7,5",hello\nA,2024-01-04 10:00,2024-01-07 10:00,V,30,\nB,2024-01-05 10:00,,V,5,\n',
        "shops.csv": "id,since,class\nA,31.01.2020,甲\nC,01.02.2021,乙\nA,31.01.2020,甲\n",
    }

    report = desk.bring(files, mapping)

    lags = [
        (account, kind, (known - occurred).total_seconds() / 86400)
        for account, kind, known, occurred in desk.columns("account_id", "kind", "known_at", "occurred_at")
    ]
    assert lags == [
        ("A", "order", 0.0),
        ("A", "call", 1.5),
        ("A", "visit", 3.0),
        ("A", "order", 0.0),
        ("B", "order", 0.0),
        ("B", "visit", 2.0),
    ]
    assert desk.events()["minutes"].tolist()[1] == 7.5
    assert desk.events()["attributes"].tolist()[1] == '{"note":"hello","how":"T"}'
    assert desk.dataset().info.record_lags == {
        "order": {"days": 0.0},
        "call": {"days": 1.5},
        "visit": {"p95_days": 3.0},
    }
    accounts = desk.dataset().accounts()
    assert accounts.index.tolist() == ["A", "B", "C"]
    assert [str(day)[:10] for day in accounts["opened_on"]] == ["2020-01-31", "NaT", "2021-02-01"]
    orphans = [(f.table, f.column, f.count, f.values) for f in report.findings if f.message == "orphans"]
    assert orphans == [("events", "account_id", 1, ("B",))]


def test_the_dataset_describes_itself(desk) -> None:
    quiet = '[[quiet_periods]]\nstart = 2024-02-09\nend = "2024-02-18"\nname = "Spring Festival"\n'
    mapping = 'currency = "EUR"\ndescription = "shops"\n' + MAPPING + quiet

    report = desk.bring({"a.csv": CSV}, mapping)

    info = desk.dataset().info
    assert (info.time_zone, info.currency, info.fingerprint) == ("Asia/Shanghai", "EUR", report.fingerprint)
    assert [(p.start, p.end, p.name) for p in info.quiet_periods] == [("2024-02-09", "2024-02-18", "Spring Festival")]
    assert info.kinds_recorded == {"order": "2023-12-31T16:00:00+00:00"}
    assert info.source == {"description": "shops", "files": ["a.csv"]}


def test_retractions_keep_the_id_of_the_event_that_they_hide(desk) -> None:
    mapping = """
time_zone = "UTC"
[[events]]
[events.columns]
account_id = "shop"
occurred_at = "day"
event_id = "no"
kind = { column = "what", values = { sale = "order", undone = "event_retracted" } }
ref = "undoes"
"""
    lines = ["A,2024-01-01,1,sale,", "A,2024-01-02,2,sale,", "A,2024-01-05,3,undone,2"]
    desk.bring({"a.csv": "shop,day,no,what,undoes\n" + "\n".join(lines) + "\n"}, mapping)

    assert desk.columns("event_id", "kind") == [("1", "order"), ("2", "order"), ("3", "event_retracted")]
    assert desk.columns("ref")[2] == ("2",)


def test_events_without_ids_get_ids_of_their_content(desk) -> None:
    report = desk.bring({"a.csv": CSV + "B,2024-01-10,0.25\nB,2024-01-10,9\n"})

    ids = [name for name, account in desk.columns("event_id", "account_id") if account == "B"]
    assert ids == [
        "B/1704211200000000/order",
        "B/1704816000000000/order",
        "B/1704816000000000/order#2",
        "B/1704816000000000/order#3",
    ]
    assert [(f.message, f.count) for f in report.findings if f.message == "alike"] == [("alike", 1)]


def test_the_same_rows_have_the_same_fingerprint_however_they_are_brought(desk, tmp_path: Path) -> None:
    lines = CSV.splitlines(keepends=True)
    whole = desk.bring({"a.csv": CSV})
    other = type(desk)(tmp_path / "other")
    other.folder.mkdir()

    parts = {"a.csv": "".join([lines[0], *lines[3:]]), "b.csv": "".join([lines[0], lines[2], lines[1]])}
    split = other.bring(parts)

    assert split.fingerprint == whole.fingerprint


def test_tolerated_rows_are_left_out_and_counted(desk) -> None:
    bad = CSV + ",2024-01-03,5\n"

    report = desk.bring({"a.csv": bad}, MAPPING + "\n[tolerate]\nmissing_account_id = 0.2\n")

    assert [(f.code, f.count, f.share, f.rows) for f in report.findings if f.level is FindingLevel.LEFT_OUT] == [
        ("missing_account_id", 1, 0.2, (6,))
    ]
    assert seen(desk) == EVENTS


def test_more_than_what_is_tolerated_is_refused(desk) -> None:
    bad = CSV + ",2024-01-03,5\n"

    report = desk.bring({"a.csv": bad}, MAPPING + "\n[tolerate]\nmissing_account_id = 0.19\n")

    assert not report.usable
    assert desk.left_over() == []


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["b.csv"],
            r"b.csv: matches no `files` of the mapping.*\n.*events\[1\]: no file or query was given for it \(a\*\)",
        ),
        ([], "FILE: nothing to import – name a file, or give --sql URL QUERY"),
    ],
)
def test_files_and_mapping_have_to_fit(desk, names: list[str], message: str) -> None:
    mapping = MAPPING.replace('files = ["*"]', 'files = ["a*"]')

    with pytest.raises(BadUse, match=message):
        desk.bring(dict.fromkeys(names, CSV), mapping)


MAPPING = """
time_zone = "Asia/Shanghai"

[[events]]
files = ["*"]

[events.columns]
account_id = "shop"
occurred_at = "day"
kind = { constant = "order" }
amount = "money"
"""
