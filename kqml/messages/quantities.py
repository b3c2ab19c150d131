"""Numbers as people read them: counted things, days, money, in the plural and the digits of a language."""

from datetime import date
from enum import StrEnum
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from kqml.messages import text, without_negative_zero


class Unit(StrEnum):
    """What a number counts; each has its words in `units.toml`, except money and shares, which Babel writes."""

    DAYS = "days"
    AGE = "age"
    TIMES = "times"
    ORDERS = "orders"
    CONTACTS = "contacts"
    PEOPLE = "people"
    PRODUCTS = "products"
    VISITS = "visits"
    CALLS = "calls"
    MESSAGES = "messages"
    DELIVERIES = "deliveries"
    COMPLAINTS = "complaints"
    PROMISES = "promises"
    NUMBER = "number"
    MONEY = "money"
    SHARE = "share"


def quantity(unit: Unit, value: float, language: str, currency: str = "CNY") -> str:
    """`value` with its unit: 1 order, 2 orders, 2 次; money in `currency`.

    One decimal below 10, none above, none for money. Ages become days, months or years, the largest of which there
    are two.
    """
    if unit is Unit.MONEY:
        return _money(round(value), language, currency)
    if unit is Unit.SHARE:
        return percent(value, language)
    name, value = _age(value) if unit is Unit.AGE else (unit.value, value)
    return _counted(name, round(value, 1 if abs(value) < 9.95 else 0), language)


def number(value: float, language: str) -> str:
    """A bare number: 1,234 or 3.5; one decimal below 10, none above."""
    return quantity(Unit.NUMBER, value, language)


def percent(share: float, language: str) -> str:
    """A share as a percentage with at most one decimal: 6.5%."""
    return without_negative_zero(format_percent(share, "#,##0.#%", locale=_locale(language)))


def fixed(value: float, form: str) -> str:
    """Return `value` in a format such as `.2f`, `,.0f` or `.4g`; zero has no sign."""
    return without_negative_zero(format(value, form))


def day(moment: date, language: str) -> str:
    """A date as the language writes it: 2024年1月31日, Jan 31, 2024."""
    return format_date(moment, "medium", locale=_locale(language))


@lru_cache(maxsize=100_000)
def _counted(name: str, shown: float, language: str) -> str:
    locale = _locale(language)
    form = locale.plural_form(int(shown) if shown == int(shown) else shown)
    return text(f"units.{name}.{form}", language, n=format_decimal(shown, "#,##0.#", locale=locale))


@lru_cache(maxsize=100_000)
def _money(shown: int, language: str, currency: str) -> str:
    return format_currency(shown, currency, format="¤#,##0", locale=_locale(language), currency_digits=False)


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def _age(days: float) -> tuple[str, float]:
    if days < 61:
        return "days", days
    return ("months", days / 30.4375) if days < 730.5 else ("years", days / 365.25)
