"""`GET /v1/reps/{rep_id}/compliance`: the same figures as the command's."""

import pytest
from pydantic import TypeAdapter

from kqml.calendar.business_time import moment_of
from kqml.contract.duties import RepCompliance
from serve.usecases.duty_history import read_duty_history
from serve.usecases.report_duties import DutyReportRequest, report_compliance

REP = "R0001-00"


def test_a_rep_has_the_rows_of_the_report_of_all_reps(filled, database, now):
    answer = filled.get(f"/v1/reps/{REP}/compliance", params={"months": 3}).json()
    TypeAdapter(RepCompliance).validate_python(answer, strict=True)
    rules = filled.app.state.service.playbook
    cutoff = moment_of(now[0], "Asia/Shanghai").isoformat()
    history = read_duty_history(database)
    whole = report_compliance(DutyReportRequest(history=history, playbook=rules, rep=REP, cutoff=cutoff, out=None), 3)
    assert answer["months"] == whole.months == ["2022-12", "2023-01", "2023-02"]
    assert answer["rows"] == whole.rows
    assert sum(row["target"] for row in answer["rows"]) > 10


@pytest.mark.parametrize(("rep", "months", "status"), [("R-none", 3, 404), (REP, 0, 422), (REP, 13, 422)])
def test_unknown_reps_and_too_many_months_are_refused(filled, rep, months, status):
    assert filled.get(f"/v1/reps/{rep}/compliance", params={"months": months}).status_code == status


def test_accounts_that_moved_since_count_for_the_rep_who_had_them(filled, now):
    now[0] += 1_000_000  # the clock stands at the end of a month
    before = filled.get(f"/v1/reps/{REP}/compliance").json()["rows"]
    account = filled.get("/v1/accounts", params={"rep": REP, "limit": 1}).json()["accounts"][0]["account_id"]
    now[0] += 1_000_000
    moved = filled.patch(f"/v1/accounts/{account}", json={"owner_rep_id": "R0002-00"})
    assert moved.status_code == 200, moved.text
    now[0] += 1_000_000
    after = filled.get(f"/v1/reps/{REP}/compliance").json()["rows"]
    earlier = [row for row in before if row["month"] < "2023-03"]
    assert earlier == [row for row in after if row["month"] < "2023-03"]
