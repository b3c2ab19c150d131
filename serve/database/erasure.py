"""Life events of erased contacts: they stay, without their content."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from kqml.events import EventKind
from serve.database.tables import CONTACTS

Event = Mapping[str, Any]

PERSONAL_KINDS = (EventKind.LIFE_EVENT.code,)
"""Events whose content is about the person; of all others only the contact's id, which then stands for nobody."""

CLEARED = ("attributes", "sentiment")


def clear_erased(connection: Connection, events: Sequence[Event]) -> Sequence[Event]:
    """Return the events; life events of erased contacts without their content."""
    people = {event["contact_id"] for event in events if event["kind"] in PERSONAL_KINDS and event["contact_id"]}
    if not people:
        return events
    request = select(CONTACTS.c.contact_id).where(CONTACTS.c.contact_id.in_(people), CONTACTS.c.erased_at.is_not(None))
    erased = set(connection.execute(request).scalars())
    return [
        {**event, **dict.fromkeys(CLEARED)}
        if event["kind"] in PERSONAL_KINDS and event["contact_id"] in erased
        else event
        for event in events
    ]
