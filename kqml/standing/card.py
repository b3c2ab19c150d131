"""How complete the customer card is (domain §7): which fields are known, which to ask for next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd

from kqml.eventlog import NOTE
from kqml.events import EventKind
from kqml.playbook.relationship import CardField
from kqml.standing.known import Floats, Known, Mask


@dataclass(frozen=True)
class Filled:
    """Accounts × fields: which are known. `fields` in the order of the playbook."""

    fields: tuple[CardField, ...]
    known: Mask

    @property
    def share(self) -> Floats:
        """Per account the weight of the fields known ÷ the weight of all."""
        weights = np.array([field.weight for field in self.fields], dtype=np.float64)
        return np.asarray(self.known @ weights / weights.sum(), dtype=np.float64)

    def missing(self, account: int) -> tuple[CardField, ...]:
        """What is not known of an account, what weighs most first: worth asking next."""
        unknown = [field for field, known in zip(self.fields, self.known[account], strict=True) if not known]
        return tuple(sorted(unknown, key=lambda field: -field.weight))

    def __or__(self, other: "Filled") -> "Filled":
        return Filled(self.fields, self.known | other.known)


def filled_by_events(known: Known, fields: Sequence[CardField]) -> Filled:
    """The card as it stood at the cutoff, by `card_updated` events, which hold the names of fields only."""
    table = np.zeros((known.log.account_count, len(fields)), dtype=np.bool_)
    if NOTE in known.log.codes:
        events = known.places([EventKind.CARD_UPDATED])
        notes = known.log.codes[NOTE][events]
        noted = events[notes >= 0]
        names = [_named(note.fields, fields) for note in known.log.notes]
        rows = np.array(names, dtype=np.bool_).reshape(len(names), len(fields))[notes[notes >= 0]]
        np.logical_or.at(table, known.account[noted], rows)
    return Filled(tuple(fields), table)


def filled_by_tables(accounts: pd.DataFrame, contacts: pd.DataFrame, fields: Sequence[CardField]) -> Filled:
    """What the tables hold now; `accounts` has a row per account, indexed by `account_id`. A field of contacts is known
    where one contact of the account has it. Only whether there is a value is looked at, never the value."""
    sources = {"accounts": accounts.reset_index(), "contacts": contacts}
    columns = [_present(sources, accounts.index, field.source) for field in fields]
    return Filled(tuple(fields), np.column_stack(columns) if columns else np.zeros((len(accounts), 0), np.bool_))


def _named(said: Sequence[str], fields: Sequence[CardField]) -> list[bool]:
    """A field goes by its name in the playbook, by its source, by the source's last word."""
    return [not {field.name, field.source, field.source.rpartition(".")[2]}.isdisjoint(said) for field in fields]


def _present(sources: dict[str, pd.DataFrame], accounts: "pd.Index[Any]", source: str) -> Mask:
    table, column, *key = source.split(".")
    frame = sources[table]
    if column not in frame or "account_id" not in frame:
        return np.zeros(len(accounts), dtype=np.bool_)
    values = frame[column]
    has = values.notna() & (values.astype(str).str.strip() != "")
    if key:
        has = pd.Series([_has_key(text, key[0]) for text in values], index=frame.index, dtype=bool)
    return np.asarray(accounts.isin(frame.loc[has, "account_id"]), dtype=np.bool_)


def _has_key(text: object, key: str) -> bool:
    if not isinstance(text, str):
        return False
    read = orjson.loads(text)
    return isinstance(read, dict) and read.get(key) not in (None, "", [])
