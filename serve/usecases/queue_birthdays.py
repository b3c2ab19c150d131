"""Queue the accounts whose running week holds a birthday that requires a contact."""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Connection

from kqml.calendar.business_time import moment_of
from kqml.playbook import Playbook
from models.policy.planning.company import week_period
from serve.database.contacts import Vault, contacts_with_birthdays
from serve.database.dataset_info import read_info
from serve.database.engine import Database
from serve.database.week_updates import queue_accounts


def queue_birthdays(database: Database, playbook: Playbook, vault: Vault, now: int) -> int:
    """Queue the accounts with a birthday whose last day for a contact lies in the rest of the present week; return how
    many. Plans leave birthdays out, because contacts are encrypted; the running week takes them in day by day."""
    with database.snapshot() as connection:
        today = moment_of(now, read_info(connection).time_zone).date()
        accounts = _accounts(connection, vault, set(_wanted(today, playbook)))
    with database.writing() as connection:
        queue_accounts(connection, accounts, now)
    return len(accounts)


def _accounts(connection: Connection, vault: Vault, days: set[str]) -> set[str]:
    return {
        row["account_id"]
        for part in contacts_with_birthdays(connection)
        for row in vault.open(connection, part)
        if row["birthday"] in days
    }


def _wanted(today: date, playbook: Playbook) -> Iterator[str]:
    """Yield the days `MM-DD` of birthdays for which the last day to greet is from today to the week's last day; the
    28th stands in for 29 February in other years."""
    after = timedelta(days=playbook.personal_days.birthday.days_after)
    day, last = today - after, week_period(today).last - after
    while day <= last:
        yield f"{day:%m-%d}"
        if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3:
            yield "02-29"
        day += timedelta(days=1)
