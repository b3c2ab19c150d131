"""Territories: the accounts that a caller may see, as a value that every query takes."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select, true

from serve.database.tables import ACCOUNTS
from serve.database.tables.metadata import METADATA

_ACCOUNT_ID = "account_id"


@dataclass(frozen=True)
class Territory:
    """The accounts owned by these reps; all accounts, also those without an owner, where `reps` is None."""

    reps: frozenset[str] | None = None

    def covers(self, owner: str | None) -> bool:
        return self.reps is None or owner in self.reps

    def of_accounts(self) -> ColumnElement[bool]:
        """Return the condition on rows of `accounts`."""
        return true() if self.reps is None else ACCOUNTS.c.owner_rep_id.in_(sorted(self.reps))

    def of(self, table: str) -> ColumnElement[bool]:
        """Return the condition on rows of another table that has an `account_id`."""
        if self.reps is None:
            return true()
        account = METADATA.tables[table].c[_ACCOUNT_ID]
        return exists(select(1).where(ACCOUNTS.c.account_id == account, self.of_accounts()))


EVERYWHERE = Territory()
