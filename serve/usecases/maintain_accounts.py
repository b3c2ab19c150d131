"""Maintain accounts: list and show them with their scores, put them in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from kqml.contract.accounts import AccountFields, ListedAccount, OneAccount
from kqml.contract.fields import field_names
from kqml.contract.records import RecordsPut
from kqml.contract.scores import PastScore
from serve.database import accounts as rows_of_accounts
from serve.database.events import describe_later
from serve.database.listing import Listing, read_account
from serve.database.listing import list_accounts as list_rows
from serve.database.records import read_rows
from serve.database.scores import list_scores
from serve.database.tables import ACCOUNTS
from serve.database.territory import Territory
from serve.security.callers import Caller
from serve.usecases.database_access import Transaction
from serve.usecases.maintain_records import PutRecordsRequest, faults_of_rows, put_records
from serve.usecases.refusals import UnknownRecord
from serve.usecases.stored_rows import ContractPage, contract_fields, contract_page, stored_row
from serve.usecases.stored_scores import newest_full_score, past_score, short_score

Row = Mapping[str, Any]
FIELDS = field_names(AccountFields)


@dataclass(frozen=True)
class ListAccountsRequest:
    """Accounts of a territory. `sort`: name of `serve.database.listing.SORTS`; `filters`: name of FILTERS → values, any
    of which matches; `after`: sort key and id of the last account of the page before."""

    territory: Territory
    sort: str
    descending: bool
    limit: int
    filters: Mapping[str, Sequence[str]]
    after: tuple[Any, str] | None = None


@dataclass(frozen=True)
class ShownAccount:
    """An account with its newest score. `revision`: its version, the cutoff and model of its score; `created`: whether
    this request created it."""

    content: OneAccount
    revision: tuple[int, int | None, str | None]
    created: bool = False


@dataclass(frozen=True)
class PutAccountRequest:
    """One account that replaces the stored one. `check_version`: raises unless the stored version (None: there is no
    account) is the one that the caller expects."""

    account_id: str
    fields: Row
    caller: Caller
    now: int
    check_version: Callable[[int | None], None]


def list_accounts(transaction: Transaction, request: ListAccountsRequest) -> ContractPage[ListedAccount]:
    """Return one page of accounts with their newest scores."""
    listing = Listing(request.sort, request.descending, request.limit, request.filters, request.after)
    page = list_rows(transaction.connection, listing, request.territory)
    zone = transaction.time_zone
    accounts = [{**contract_fields(row, FIELDS, zone), "score": short_score(row, zone)} for row in page.rows]
    return ContractPage(cast(list[ListedAccount], accounts), page.last)


def show_account(transaction: Transaction, account_id: str, territory: Territory) -> ShownAccount:
    """Return an account with the reasons of its newest score. Raises UnknownRecord."""
    row = read_account(transaction.connection, account_id, territory)
    if row is None:
        raise UnknownRecord("account", account_id)
    score = newest_full_score(transaction.connection, row, transaction.time_zone)
    content = {**contract_fields(row, FIELDS, transaction.time_zone), "score": score}
    return ShownAccount(cast(OneAccount, content), (row["version"], row["score_cutoff"], row["score_model"]))


def list_past_scores(
    transaction: Transaction, account_id: str, territory: Territory, limit: int, before: tuple[int, str] | None
) -> ContractPage[PastScore]:
    """Return stored scores of an account, the newest first, from the one behind `before` (cutoff, model) on.

    Raises UnknownRecord.
    """
    transaction.require_account(account_id, territory)
    rows = list_scores(transaction.connection, account_id, territory, limit + 1, before)
    return contract_page(rows, limit, ("cutoff", "model"), lambda row: past_score(row, transaction.time_zone))


def put_account(transaction: Transaction, request: PutAccountRequest) -> ShownAccount:
    """Replace one account. A change of tier, owner, credit grade or status also becomes an event.

    Raises UnknownRecord where it exists outside the territory, FaultyRequest where the new owner is outside it.
    """
    connection, name, territory = transaction.connection, request.account_id, request.caller.territory
    known = name in read_rows(connection, ACCOUNTS, [name])
    describe_later(connection, [name], request.now)
    before = read_rows(connection, ACCOUNTS, [name], lock=True)[name]
    exists = known or before["described"]
    if exists and not territory.covers(before["owner_rep_id"]):
        raise UnknownRecord("account", name)
    request.check_version(before["version"] if before["described"] else None)
    record = stored_row({**request.fields, "account_id": name})
    with faults_of_rows(None):
        rows_of_accounts.put_accounts(connection, [record], request.now, territory)
    return replace(show_account(transaction, name, territory), created=not exists)


def put_accounts(transaction: Transaction, request: PutRecordsRequest) -> RecordsPut:
    """Replace accounts as `put_account` does. Raises FaultyRequest where an account is outside the territory."""
    connection, territory = transaction.connection, request.caller.territory
    return put_records(
        request,
        "account_id",
        lambda rows: rows_of_accounts.put_accounts(connection, rows, request.now, territory),
    )
