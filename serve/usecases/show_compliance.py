"""Show how far a rep kept the cadence in the latest months."""

from dataclasses import dataclass

from kqml.calendar.business_time import local_midnight, moment_of
from kqml.calendar.workdays import workdays
from kqml.contract.duties import RepCompliance
from kqml.duties import compliance
from kqml.playbook import Playbook
from serve.database.duty_inputs import DutyInputReader
from serve.database.plans import is_rep
from serve.database.territory import Territory
from serve.usecases.database_access import Transaction
from serve.usecases.list_duties import of_reps
from serve.usecases.planning_inputs import MOST_ACCOUNTS, TooManyAccounts, accounts_of_reps
from serve.usecases.refusals import RequestFault, UnknownRecord, refuse
from serve.usecases.report_duties import compliance_rows, latest_months


@dataclass(frozen=True)
class ShowComplianceRequest:
    """The rep, the number of months up to now, the rules, what the caller may see."""

    rep_id: str
    months: int
    playbook: Playbook
    territory: Territory


def show_compliance(transaction: Transaction, request: ShowComplianceRequest, now: int) -> RepCompliance:
    """Return the compliance of a rep, by the accounts of each day, also those that have moved to other reps since.

    Raises UnknownRecord, FaultyRequest where the rep has too many accounts for one request."""
    connection, zone, rules = transaction.connection, transaction.time_zone, request.playbook
    if not is_rep(connection, request.rep_id, request.territory):
        raise UnknownRecord("rep", request.rep_id)
    months = latest_months(now, zone, request.months)
    try:
        ids = accounts_of_reps(connection, frozenset([request.rep_id]), local_midnight(months[0], zone))
    except TooManyAccounts:
        refuse(
            [
                RequestFault(
                    ("rep_id",), f"the rep has more than {MOST_ACCOUNTS} accounts; use the command `kqml duties`"
                )
            ]
        )
    inputs = DutyInputReader(connection, rules, None, now).of(ids)
    table = compliance(inputs, rules, workdays(rules.country), months, now)
    return RepCompliance(
        rep_id=request.rep_id,
        as_of=moment_of(now, zone).isoformat(),
        playbook=rules.version,
        country=rules.country,
        months=[f"{month:%Y-%m}" for month in months],
        rows=compliance_rows(of_reps(table, [request.rep_id])),
    )
