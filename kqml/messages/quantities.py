"""Numbers as people read them: counted things, days, money, in the plural and the digits of a language."""

from enum import StrEnum
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, format_decimal, format_percent

from kqml.messages import text


class Unit(StrEnum):
    """What a number counts; each has its words in `units.toml`, except money and shares, which Babel writes."""

    DAYS = "days"
    AGE = "age"
    TIMES = "times"
    ORDERS = "orders"
    RETURNS = "returns"
    CONTACTS = "contacts"
    VISITS = "visits"
    PEOPLE = "people"
    PRODUCTS = "products"
    WEEKS = "weeks"
    FOLD = "fold"
    MONEY = "money"
    SHARE = "share"


@lru_cache(maxsize=100_000)
def quantity(unit: Unit, value: float, language: str, currency: str = "CNY") -> str:
    """`value` with its unit: 1 order, 2 orders, 2 次订货; money in `currency`; a share of 1 as per cent.

    Ages become days, months or years, whichever is at least 2 of them.
    """
    locale = _locale(language)
    if unit is Unit.MONEY:
        return format_currency(round(value), currency, format="¤#,##0", locale=locale)
    if unit is Unit.SHARE:
        return format_percent(value, locale=locale)
    name, value = _age(value) if unit is Unit.AGE else (unit.value, value)
    shown = round(value, _digits(unit, value))
    form = locale.plural_form(int(shown) if shown == int(shown) else shown)
    return text(f"units.{name}.{form}", language, n=format_decimal(shown, "#,##0.#", locale=locale))


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def _digits(unit: Unit, value: float) -> int:
    """One decimal where it tells something: small numbers of days and folds."""
    return 1 if unit in (Unit.DAYS, Unit.FOLD, Unit.PRODUCTS) and abs(value) < 10 else 0


def _age(days: float) -> tuple[str, float]:
    if days < 61:
        return "days", days
    return ("months", days / 30.4375) if days < 730.5 else ("years", days / 365.25)
