"""How complete the customer card is (domain §7): which fields are known, which to ask for next."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from kqml.events import EventKind
from kqml.history.event_log import NOTE
from kqml.history.known_history import Floats, KnownHistory, Mask
from kqml.playbook.relationship import CardField


@dataclass(frozen=True)
class FilledFields:
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

    def __or__(self, other: "FilledFields") -> "FilledFields":
        return FilledFields(self.fields, self.known | other.known)


def filled_by_events(known: KnownHistory, fields: Sequence[CardField]) -> FilledFields:
    """The card as it stood at the cutoff, by `card_updated` events, which hold the names of fields only."""
    table = np.zeros((known.log.account_count, len(fields)), dtype=np.bool_)
    if NOTE in known.log.codes:
        events = known.of_kinds([EventKind.CARD_UPDATED])
        notes = known.log.codes[NOTE][events]
        noted = events[notes >= 0]
        names = [_named(note.fields, fields) for note in known.log.notes]
        rows = np.array(names, dtype=np.bool_).reshape(len(names), len(fields))[notes[notes >= 0]]
        np.logical_or.at(table, known.log.account[noted], rows)
    return FilledFields(tuple(fields), table)


def filled_by_tables(accounts: pd.DataFrame, contacts: pd.DataFrame, fields: Sequence[CardField]) -> FilledFields:
    """What the tables hold now; `accounts` has a row per account, indexed by `account_id`. A field of contacts is known
    where one contact of the account has it. Only whether there is a value is looked at, never the value."""
    own = _Table(accounts, np.arange(len(accounts)), len(accounts))
    indices = accounts.index.get_indexer(pd.Index(contacts["account_id"])) if len(contacts) else np.zeros(0, np.int64)
    sources = {"accounts": own, "contacts": _Table(contacts, indices, len(accounts))}
    columns = [sources[table].has(rest) for table, _, rest in (field.source.partition(".") for field in fields)]
    return FilledFields(tuple(fields), np.column_stack(columns) if columns else np.zeros((len(accounts), 0), np.bool_))


def _named(text: Sequence[str], fields: Sequence[CardField]) -> list[bool]:
    """A field goes by its name in the playbook, by its source, by the source's last word."""
    return [not {field.name, field.source, field.source.rpartition(".")[2]}.isdisjoint(text) for field in fields]


@dataclass(frozen=True)
class _Table:
    """Rows that belong to accounts; `indices`: each row's account, −1 where it has none of them."""

    frame: pd.DataFrame
    indices: NDArray[np.int64]
    accounts: int

    def has(self, source: str) -> Mask:
        """Per account whether one of its rows has a value of a column, or of a key of its attributes."""
        column, _, key = source.partition(".")
        given = self._given(key) if key else self._present(column)
        known = np.zeros(self.accounts, dtype=np.bool_)
        known[self.indices[given & (self.indices >= 0)]] = True
        return known

    def _present(self, column: str) -> Mask:
        if column not in self.frame:
            return np.zeros(len(self.frame), dtype=np.bool_)
        values = self.frame[column]
        blank = values.isna() | (values.str.strip() == "") if pd.api.types.is_string_dtype(values) else values.isna()
        return ~np.asarray(blank, dtype=np.bool_)

    def _given(self, key: str) -> Mask:
        return np.array([key in keys for keys in self._keys], dtype=np.bool_)

    @cached_property
    def _keys(self) -> list[frozenset[str]]:
        """Per row the keys of its attributes that have a value."""
        texts = self.frame["attributes"].tolist() if "attributes" in self.frame else [None] * len(self.frame)
        return [_keys_of(text) for text in texts]


def _keys_of(text: object) -> frozenset[str]:
    read = orjson.loads(text) if isinstance(text, str) and text else {}
    items = read.items() if isinstance(read, dict) else ()
    return frozenset(key for key, value in items if value not in (None, "", []))
