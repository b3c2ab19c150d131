"""`kqml webhooks overdue`: overdue duties told to the webhooks that ask."""

from typing import Annotated

import typer

from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, now, print_result
from serve.cli.database_option import OWN, open_source
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force


def run(
    cutoff: Annotated[str | None, typer.Option(help="A date or an instant with offset.", show_default="now")] = None,
    playbook: PlaybookFlag = None,
    as_json: Json = False,
) -> None:
    """Works out what is overdue in the store and tells webhooks of what they were not told before; for a nightly job.

    Duties of birthdays and of people's lives are left out: their day alone is personal.

    Example: kqml webhooks overdue
    """
    from datetime import timedelta

    from features.cutoffs import parse_cutoff
    from kqml.calendar.business_time import moment_of
    from kqml.calendar.workdays import workdays
    from kqml.dataset.folder import read_dataset
    from kqml.duties import list_duties, read_duty_inputs, week
    from kqml.duties.period import week_name
    from serve.webhooks.outbox import enqueue
    from serve.webhooks.overdue import overdue_messages

    settings, present = read_settings(), now()
    rules = read_playbook_in_force(playbook, settings)
    with open_source(None, OWN, settings) as source:
        assert source.found is not None
        dataset = read_dataset(source.folder)
        zone = dataset.info.time_zone
        at = present if cutoff is None else parse_cutoff(cutoff, zone)
        book = read_duty_inputs(dataset.known_before(at), rules, source.declared())
        last = (moment_of(at, zone) - timedelta(microseconds=1)).date()
        table = list_duties(book, rules, workdays(rules.country), week(week_name(last)), at)
        messages = list(overdue_messages(table))
        with source.found.database.writing() as connection:
            fresh = enqueue(connection, messages, present)
    result = {"overdue": len(messages), "enqueued": fresh, "cutoff": moment_of(at, zone).isoformat()}
    print_result(result, as_json, text("security.webhooks.overdue", settings.language, **result))
