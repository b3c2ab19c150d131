"""Maintain accounts: show them with their scores, put them in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from kqml.contract.accounts import AccountFields, OneAccount
from kqml.contract.fields import field_names
from kqml.contract.records import RecordsPut
from kqml.contract.scores import PastScore
from serve.database import accounts as rows_of_accounts
from serve.database.events import describe_later
from serve.database.listing import read_account
from serve.database.records import columns_of, read_rows
from serve.database.scores import list_scores
from serve.database.tables import ACCOUNTS
from serve.database.territory import Territory
from serve.security.callers import Caller
from serve.usecases.database_access import Transaction
from serve.usecases.maintain_records import PutRecordsRequest, faults_of_rows, put_records
from serve.usecases.merge_patch import patched_record
from serve.usecases.refusals import UnknownRecord
from serve.usecases.stored_rows import ContractPage, contract_fields, contract_page, stored_row
from serve.usecases.stored_scores import newest_full_score, past_score

Row = Mapping[str, Any]
FIELDS = field_names(AccountFields)


@dataclass(frozen=True)
class ListPastScoresRequest:
    """Past scores of an account. `before`: cutoff and model of the last score of the page before; `language`: of their
    sentences."""

    account_id: str
    territory: Territory
    limit: int
    before: tuple[int, str] | None
    language: str


@dataclass(frozen=True)
class ShownAccount:
    """An account with its newest score. `revision`: its version, the cutoff, model and language of its score;
    `created`: whether this request created it."""

    content: OneAccount
    revision: tuple[int, int | None, str | None, str | None]
    created: bool = False


@dataclass(frozen=True)
class PutAccountRequest:
    """One account that replaces the stored one. `check_version`: raises unless the stored version (None: there is no
    account) is the one that the caller expects. `language`: of the score that is shown with it."""

    account_id: str
    fields: Row
    caller: Caller
    now: int
    check_version: Callable[[int | None], None]
    language: str


def show_account(transaction: Transaction, account_id: str, territory: Territory, language: str) -> ShownAccount:
    """Return an account with the reasons of its newest score in a language. Raises UnknownRecord."""
    row = read_account(transaction.connection, account_id, territory)
    if row is None:
        raise UnknownRecord("account", account_id)
    score = newest_full_score(transaction.connection, row, transaction.time_zone, language)
    content = {**contract_fields(row, FIELDS, transaction.time_zone), "score": score}
    revision = (row["version"], row["score_cutoff"], row["score_model"], None if score is None else language)
    return ShownAccount(cast(OneAccount, content), revision)


def list_past_scores(transaction: Transaction, request: ListPastScoresRequest) -> ContractPage[PastScore]:
    """Return one page of the stored scores of an account, the newest first. Raises UnknownRecord."""
    transaction.require_account(request.account_id, request.territory)
    zone, limit = transaction.time_zone, request.limit
    rows = list_scores(transaction.connection, request.account_id, request.territory, limit + 1, request.before)
    return contract_page(rows, limit, ("cutoff", "model"), lambda row: past_score(row, zone, request.language))


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
    return replace(show_account(transaction, name, territory, request.language), created=not exists)


def patch_account(transaction: Transaction, request: PutAccountRequest) -> ShownAccount:
    """Change the fields given of one account, as `put_account` does. Raises UnknownRecord, FaultyRequest."""
    name, territory = request.account_id, request.caller.territory
    stored = read_rows(transaction.connection, ACCOUNTS, [name], lock=True).get(name)
    if stored is None or not territory.covers(stored["owner_rep_id"]):
        raise UnknownRecord("account", name)
    record = patched_record({column: stored[column] for column in columns_of(ACCOUNTS)}, request.fields)
    return put_account(transaction, replace(request, fields=record))


def put_accounts(transaction: Transaction, request: PutRecordsRequest) -> RecordsPut:
    """Replace accounts as `put_account` does. Raises FaultyRequest where an account is outside the territory."""
    connection, territory = transaction.connection, request.caller.territory
    return put_records(
        request,
        "account_id",
        lambda rows: rows_of_accounts.put_accounts(connection, rows, request.now, territory),
    )
