"""Calls operations of a service through the generated Python client, in the environment of its generator."""

import json
import sys
from datetime import UTC, date, datetime
from typing import Any

from kqml_generated import AuthenticatedClient, models
from kqml_generated.api.accounts import list_the_accounts, put_account, put_many_accounts, show_account
from kqml_generated.api.contacts import put_contact
from kqml_generated.api.duties import list_the_duties
from kqml_generated.api.events import take_events
from kqml_generated.api.reps import list_the_reps, put_rep
from kqml_generated.api.scores import score_accounts
from kqml_generated.api.status import show_health, show_model, show_readiness

VISITED = datetime(2024, 3, 1, 9, 30, tzinfo=UTC)


def events() -> models.EventBatch:
    kind, no_kind = models.EventRecordKind.VISIT, models.EventRecordKind.PROMISE_MADE
    return models.EventBatch(
        events=[
            models.EventRecord(event_id="e1", account_id="S-1", occurred_at=VISITED, kind=kind, minutes=30.0),
            models.EventRecord(event_id="e2", account_id="S-1", occurred_at=VISITED, kind=no_kind, due_at=VISITED),
        ]
    )


def orders() -> list[models.EventIn]:
    days = [datetime(2023, 1, day, tzinfo=UTC) for day in range(1, 11)]
    return [models.EventIn(occurred_at=day, kind=models.EventInKind.ORDER, amount=9.0) for day in days]


def score_request() -> models.ScoreRequest:
    account = models.AccountIn(account_id="a", events=orders())
    return models.ScoreRequest(accounts=[account], as_of=datetime(2023, 1, 12, tzinfo=UTC))


def calls(client: AuthenticatedClient) -> dict[str, Any]:
    """The response to each operation, by its id."""
    rep = models.RepBody(name="Zhao", started_on=date(2020, 1, 1), minutes_per_week=2400.0)
    account = models.AccountBody(tier=models.AccountBodyTierType0.A, owner_rep_id="R-1", opened_on=date(2020, 1, 1))
    batch = models.AccountBatch(accounts=[models.AccountRecord(account_id="S-2")])
    responses = {
        "show_health": show_health.sync_detailed(client=client),
        "show_readiness": show_readiness.sync_detailed(client=client),
        "show_model": show_model.sync_detailed(client=client),
        "put_rep": put_rep.sync_detailed("R-1", client=client, body=rep),
        "list_the_reps": list_the_reps.sync_detailed(client=client),
        "put_account": put_account.sync_detailed("S-1", client=client, body=account),
        "show_account": show_account.sync_detailed("S-1", client=client),
        "put_many_accounts": put_many_accounts.sync_detailed(client=client, body=batch),
        "list_the_accounts": list_the_accounts.sync_detailed(client=client, rep=["R-1"]),
        "put_contact": put_contact.sync_detailed("C-1", client=client, body=models.ContactBody(account_id="S-1")),
        "take_events": take_events.sync_detailed(client=client, body=events()),
        "score_accounts": score_accounts.sync_detailed(client=client, body=score_request()),
        "list_the_duties": list_the_duties.sync_detailed(client=client, week="2024-W12", limit=1),
    }
    return {name: [int(response.status_code), type(response.parsed).__name__] for name, response in responses.items()}


if __name__ == "__main__":
    print(json.dumps(calls(AuthenticatedClient(sys.argv[1], token=sys.argv[2], raise_on_unexpected_status=True))))
