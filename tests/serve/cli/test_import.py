"""`kqml import` and `kqml check` from the outside: JSON by its schema, tables, exit codes."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from typer.testing import CliRunner, Result

from kqml.__main__ import create_app

ROOT = Path(__file__).parents[3]
MAPPING = """
time_zone = "Asia/Shanghai"
[[events]]
[events.columns]
account_id = "shop"
occurred_at = "day"
kind = { constant = "order" }
amount = "money"
"""
GOOD = "shop,day,money\nA,2024-01-01,5\nA,2024-01-08,6\nB,2024-01-02,-1\nB,2024-01-09,0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.toml").write_text(MAPPING)
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "bad.csv").write_text(GOOD + ",2024-01-03,x\nA,soon,5\n")
    return tmp_path


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(create_app(), [str(word) for word in words], env={"COLUMNS": "160"})


def bring(folder: Path, name: str, *words: str) -> Result:
    return call("import", "--mapping", folder / "m.toml", "--out", folder / "out", folder / name, *words)


def answer(result: Result, command: str) -> dict[str, object]:
    given = json.loads(result.stdout)
    schema = json.loads((ROOT / "docs" / "schemas" / f"{command}.json").read_text())
    jsonschema_rs.validate(schema, given)
    return dict(given)


def test_good_data_are_written_and_told(folder: Path) -> None:
    told = bring(folder, "good.csv", "--json")

    given = answer(told, "import")
    assert told.exit_code == 0
    assert (given["usable"], given["written"]) == (True, str(folder / "out"))
    assert given["kinds"] == {"order": 2, "return": 1}


def test_bad_data_exit_with_1_and_leave_nothing(folder: Path) -> None:
    before = sorted(folder.iterdir())

    told = bring(folder, "bad.csv", "--json")

    given = answer(told, "import")
    assert told.exit_code == 1
    assert (given["usable"], given["written"], given["fingerprint"]) == (False, None, None)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("language", "verdict", "finding"),
    [
        (
            "en",
            "The data cannot be used: correct 3 finding(s).",
            "REFUSED 1 rows (16.7%)",
        ),
        ("zh", "数据不可用：请改正 3 项问题。未写入任何内容。", "不可用 1 行（16.7%）"),
    ],
)
def test_the_report_speaks_both_languages(folder: Path, language: str, verdict: str, finding: str) -> None:
    told = bring(folder, "bad.csv", "--language", language)

    assert verdict in told.stdout
    assert finding in told.stdout


def test_an_existing_folder_is_replaced_only_with_force(folder: Path) -> None:
    bring(folder, "good.csv")

    refused, forced = bring(folder, "good.csv"), bring(folder, "good.csv", "--force")

    assert (refused.exception.exit_code, forced.exit_code) == (2, 0)  # type: ignore[union-attr]
    assert sorted(path.name for path in folder.iterdir()) == ["bad.csv", "good.csv", "m.toml", "out"]


def test_another_folder_is_never_replaced(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "thesis.txt").write_text("mine")

    told = bring(folder, "good.csv", "--force")

    assert "is not a dataset, so --force does not replace it" in str(told.exception)
    assert (folder / "out" / "thesis.txt").read_text() == "mine"


def test_check_says_the_same_of_what_was_written(folder: Path) -> None:
    written = answer(bring(folder, "good.csv", "--json"), "import")

    told = call("check", folder / "out", "--json")

    given = answer(told, "check")
    assert told.exit_code == 0
    for key in ("fingerprint", "summary", "columns", "kinds", "record_lags"):
        assert given[key] == written[key]


def test_check_notices_that_files_were_changed(folder: Path) -> None:
    import pyarrow.parquet as pq

    bring(folder, "good.csv")
    part = next((folder / "out" / "events").iterdir())
    pq.write_table(pq.read_table(part).slice(0, 2), part)

    told = call("check", folder / "out", "--json")

    codes = [finding["code"] for finding in answer(told, "check")["findings"]]  # type: ignore[attr-defined]
    assert told.exit_code == 1
    assert "fingerprint_changed" in codes


def test_what_cannot_be_is_refused_by_check_by_training_and_by_the_database(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    bring(folder, "good.csv")
    part = next((folder / "out" / "events").iterdir())
    rows = pq.read_table(part).to_pylist()
    rows[0] |= {"account_id": "NULL", "occurred_at": rows[0]["occurred_at"].replace(year=1970)}
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(part)), part)

    findings = answer(call("check", folder / "out", "--json"), "check")["findings"]
    assert {"faulty_ids_account_id", "implausible_occurred_at"} <= {finding["code"] for finding in findings}  # type: ignore[attr-defined]
    for command in (("train", folder / "out"), ("import", folder / "out", "--database", f"sqlite:///{folder}/a.db")):
        told = call(*command)
        assert told.exit_code == 1
        assert "cannot be used" in str(told.exception)


def test_an_event_in_the_future_no_longer_counts_once_it_is_retracted(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    bring(folder, "good.csv")
    part = next((folder / "out" / "events").iterdir())
    table = pq.read_table(part).to_pylist()
    late = table[-1]["occurred_at"].replace(year=2098)
    typo = {**table[0], "event_id": "typo", "occurred_at": late, "known_at": late}
    undo = {**table[0], "event_id": "undo", "kind": "event_retracted", "amount": None}

    codes = []
    for rows in ([*table, typo], [*table, typo, {**undo, "ref": "typo"}]):
        schema = pq.read_schema(part) if len(codes) == 0 else pq.read_schema(part).append(pa.field("ref", pa.string()))
        pq.write_table(pa.Table.from_pylist([{**row, "ref": row.get("ref")} for row in rows], schema), part)
        findings = answer(call("check", folder / "out", "--json"), "check")["findings"]
        codes.append("future_occurred_at" in [finding["code"] for finding in findings])  # type: ignore[attr-defined]

    assert codes == [True, False]


def test_check_of_something_else_is_bad_use(folder: Path) -> None:
    told = call("check", folder)

    assert "is not a dataset: dataset.json is missing" in str(told.exception)


def test_a_dry_run_shows_events_and_writes_nothing(folder: Path) -> None:
    before = sorted(folder.iterdir())

    told = call("import", "--mapping", folder / "m.toml", folder / "good.csv", "--dry-run", "--json")

    given = answer(told, "import")
    assert told.exit_code == 0
    assert (given["written"], len(given["preview"])) == (None, 3)
    assert given["preview"][2] == {
        "event_id": "B/1704124800000000/return",
        "account_id": "B",
        "occurred_at": "2024-01-01 16:00:00+00",
        "known_at": "2024-01-01 16:00:00+00",
        "kind": "return",
        "amount": "1.0",
    }
    assert sorted(folder.iterdir()) == before


def test_a_dry_run_of_bad_data_exits_with_1_and_shows_what_is_good(folder: Path) -> None:
    told = call("import", "--mapping", folder / "m.toml", folder / "bad.csv", "--dry-run", "--json")

    assert (told.exit_code, len(answer(told, "import")["preview"])) == (1, 3)


DESCRIBED = {
    "stores.csv": ("accounts", "id,name,class,type,district,since", "A,Corner,甲,pharmacy,east,2020/1/5"),
    "客户档案.csv": ("accounts", "客户编号,客户名称,客户等级,状态", "A,东门药店,A类,正常"),
    "customers.csv": ("accounts", "customer,customer name,last_order_date,total_sales", "A,Corner,2024-01-01,500"),
    "people.csv": ("contacts", "contact_id,customer_id,full name,title", "C1,A,Wang,owner"),
    "联系人.csv": ("contacts", "编号,客户编号,姓名,手机", "C1,A,王,138"),
    "人员.csv": ("reps", "工号,姓名,上级工号,入职日期", "R1,王,R9,2019-01-01"),
    "visits.csv": ("events", "store,visit_date,rep,name", "A,2024-01-03,R1,Corner"),
    "orders.csv": ("events", "order_no,customer,customer name,order date,amount", "1,A,Corner,2024-01-03,5"),
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_file_is_drafted_as_the_table_that_it_holds(folder: Path, name: str) -> None:
    table, header, row = DESCRIBED[name]
    (folder / name).write_text(f"{header}\n{row}\n", encoding="utf-8")
    (folder / "sales.csv").write_text("shop,day,money\n" + "".join(f"A,2024-01-{day:02},5\n" for day in range(1, 9)))
    files = (folder / name, folder / "sales.csv")

    given = answer(call("import", "--suggest", *files, "--json"), "import")

    (folder / "m.toml").write_text(str(given["mapping"]), encoding="utf-8")
    told = call("import", "--mapping", folder / "m.toml", "--out", folder / "out", *files, "--json")
    tables = {item["table"]: item["retained"] for item in answer(told, "import")["tables"]}  # type: ignore[attr-defined]
    assert told.exit_code == 0
    assert tables == ({"events": 9} if table == "events" else {"events": 8, table: 1})


def test_a_draft_without_events_says_so(folder: Path) -> None:
    (folder / "stores.csv").write_text("id,name,class\nA,Corner,甲\n", encoding="utf-8")

    draft = str(answer(call("import", "--suggest", folder / "stores.csv", "--json"), "import")["mapping"])

    assert 'tier = { column = "class", values = { "甲" = "A" } }  # check every value' in draft
    assert draft.endswith("# No file holds events: draft from the files of orders and visits too, or add [[events]].\n")


def test_a_suggested_mapping_imports_the_file_it_was_made_from(folder: Path) -> None:
    rows = ["Report of July", "", "客户编号;下单日期;单据类型;金额"]
    rows += [
        f"{shop};{day};销售单;{money}" for shop, day, money in (("A", "2024/1/1", "1.200,50"), ("A", "2024/1/8", "5"))
    ]
    rows += ["B;2024/1/2;退货单;(3,00)"]
    (folder / "订单202407.csv").write_bytes("\r\n".join(rows).encode("gb18030"))

    given = answer(call("import", "--suggest", folder / "订单202407.csv", "--json"), "import")

    (folder / "m.toml").write_text(str(given["mapping"]))
    told = bring(folder, "订单202407.csv", "--json")
    assert (told.exit_code, answer(told, "import")["kinds"]) == (0, {"order": 2, "return": 1})
