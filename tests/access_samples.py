"""What every route needs of its caller, with a request for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from httpx import Response
from starlette.testclient import TestClient

from kqml.duties.overrides import duty_id
from serve.security.callers import Scope

VISITS = {
    "duty": "cadence",
    "channel": "visit",
    "account_id": "a1",
    "rep_id": "r1",
    "tier": "B",
    "due_by": datetime(2024, 3, 31, 16, tzinfo=UTC),
    **dict.fromkeys(("occasion", "contact_id", "event_id")),
}
"""What March owes account a1 until midnight in Shanghai."""

PUBLIC_PATHS = frozenset({"GET /openapi.json"})
"""Served by the framework: says which addresses there are, nothing else."""


@dataclass(frozen=True)
class Sample:
    """A request that somebody who may see everything gets answered. `path`: the values of the address's names."""

    path: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def ask(client: TestClient, name: str, sample: Sample, headers: Mapping[str, str]) -> Response:
    """The answer to the sample, sent with these headers too."""
    method, path = name.split(" ")
    sent = {**sample.headers, **headers}
    return client.request(method, path.format(**sample.path), headers=sent, json=sample.json, params=sample.query)


RULES: dict[str, Scope | None] = {
    "GET /v1/scores": Scope.READ_SCORES,
    "POST /v1/scores": Scope.READ_SCORES,
    "POST /v1/events": Scope.WRITE_EVENTS,
    "GET /v1/accounts": Scope.READ_ACCOUNTS,
    "POST /v1/accounts": Scope.WRITE_ACCOUNTS,
    "GET /v1/accounts/{account_id}": Scope.READ_ACCOUNTS,
    "PATCH /v1/accounts/{account_id}": Scope.WRITE_ACCOUNTS,
    "PUT /v1/accounts/{account_id}": Scope.WRITE_ACCOUNTS,
    "GET /v1/accounts/{account_id}/history": Scope.READ_SCORES,
    "GET /v1/accounts/{account_id}/contacts": Scope.READ_CONTACTS,
    "POST /v1/contacts": Scope.WRITE_CONTACTS,
    "GET /v1/contacts/{contact_id}": Scope.READ_CONTACTS,
    "PATCH /v1/contacts/{contact_id}": Scope.WRITE_CONTACTS,
    "PUT /v1/contacts/{contact_id}": Scope.WRITE_CONTACTS,
    "GET /v1/reps": Scope.READ_ACCOUNTS,
    "POST /v1/reps": Scope.WRITE_ACCOUNTS,
    "GET /v1/reps/{rep_id}": Scope.READ_ACCOUNTS,
    "PATCH /v1/reps/{rep_id}": Scope.WRITE_ACCOUNTS,
    "PUT /v1/reps/{rep_id}": Scope.WRITE_ACCOUNTS,
    "GET /v1/reps/{rep_id}/plan": Scope.READ_DECISIONS,
    "GET /v1/reps/{rep_id}/portfolio": Scope.READ_ACCOUNTS,
    "GET /v1/reps/{rep_id}/compliance": Scope.READ_ACCOUNTS,
    "GET /v1/reps/{rep_id}/days": Scope.READ_DECISIONS,
    "POST /v1/next-actions": Scope.READ_DECISIONS,
    "POST /v1/recommendations": Scope.WRITE_DECISIONS,
    "GET /v1/duties": Scope.READ_ACCOUNTS,
    "POST /v1/duties/status": Scope.WRITE_DECISIONS,
    "GET /v1/decisions": Scope.READ_DECISIONS,
    "GET /v1/reports/adoption": Scope.READ_DECISIONS,
    "GET /v1/decisions/{decision_id}": Scope.READ_DECISIONS,
    "POST /v1/decisions/{decision_id}/status": Scope.WRITE_DECISIONS,
    "GET /v1/reports/grades": Scope.READ_ACCOUNTS,
    "GET /v1/exports/scores": Scope.READ_SCORES,
    "GET /v1/exports/plans": Scope.READ_DECISIONS,
    "GET /v1/accounts/{account_id}/grades": Scope.READ_ACCOUNTS,
    "GET /v1/accounts/{account_id}/relationship": Scope.READ_ACCOUNTS,
    "GET /v1/accounts/{account_id}/emotional-account": Scope.READ_ACCOUNTS,
    "GET /v1/accounts/{account_id}/explanation": Scope.USE_RIGHTS,
    "PUT /v1/accounts/{account_id}/objection": Scope.USE_RIGHTS,
    "DELETE /v1/accounts/{account_id}/objection": Scope.USE_RIGHTS,
    "POST /v1/accounts/{account_id}/reviews": Scope.USE_RIGHTS,
    "GET /v1/reviews": Scope.ANSWER_REVIEWS,
    "POST /v1/reviews/{review_id}/answer": Scope.ANSWER_REVIEWS,
    "GET /v1/audit": Scope.ADMINISTER,
    "DELETE /v1/contacts/{contact_id}": Scope.ADMINISTER,
    "DELETE /v1/accounts/{account_id}": Scope.ADMINISTER,
    "GET /": None,
    "GET /login": None,
    "POST /login": None,
    "POST /logout": None,
    "GET /login/oidc": None,
    "GET /login/oidc/callback": None,
    "GET /v1/model": Scope.READ_MODEL,
    "GET /healthz": None,
    "GET /readyz": None,
    "GET /metrics": Scope.READ_METRICS,
}

SAMPLES: dict[str, Sample] = {
    "GET /v1/scores": Sample(query={"sort": "-scored_at"}),
    "POST /v1/scores": Sample(json={"accounts": [{"account_id": "a1"}]}),
    "POST /v1/events": Sample(
        json={"events": [{"event_id": "e", "account_id": "a1", "occurred_at": "2024-01-01T00:00:00Z", "kind": "visit"}]}
    ),
    "GET /v1/accounts": Sample(query={"sort": "name"}),
    "POST /v1/accounts": Sample(json={"accounts": [{"account_id": "a9", "owner_rep_id": "r1"}]}),
    "GET /v1/accounts/{account_id}": Sample(path={"account_id": "a1"}),
    "PATCH /v1/accounts/{account_id}": Sample(path={"account_id": "a1"}, json={"tier": "A"}),
    "PUT /v1/accounts/{account_id}": Sample(path={"account_id": "a9"}, json={"owner_rep_id": "r1"}),
    "GET /v1/accounts/{account_id}/history": Sample(path={"account_id": "a1"}),
    "GET /v1/accounts/{account_id}/contacts": Sample(path={"account_id": "a1"}),
    "POST /v1/contacts": Sample(json={"contacts": [{"contact_id": "c9", "account_id": "a1"}]}),
    "GET /v1/contacts/{contact_id}": Sample(path={"contact_id": "c9"}),
    "PATCH /v1/contacts/{contact_id}": Sample(path={"contact_id": "c1"}, json={"influence": "high"}),
    "PUT /v1/contacts/{contact_id}": Sample(path={"contact_id": "c9"}, json={"account_id": "a1"}),
    "GET /v1/reps": Sample(),
    "POST /v1/reps": Sample(json={"reps": [{"rep_id": "r9"}]}),
    "GET /v1/reps/{rep_id}": Sample(path={"rep_id": "r1"}),
    "PATCH /v1/reps/{rep_id}": Sample(path={"rep_id": "r1"}, json={"region": "east"}),
    "PUT /v1/reps/{rep_id}": Sample(path={"rep_id": "r9"}, json={"manager_id": "m2"}),
    "GET /v1/reps/{rep_id}/plan": Sample(path={"rep_id": "r1"}, query={"week": "2024-W12"}),
    "GET /v1/reps/{rep_id}/portfolio": Sample(path={"rep_id": "r1"}),
    "GET /v1/reps/{rep_id}/compliance": Sample(path={"rep_id": "r1"}),
    "GET /v1/reps/{rep_id}/days": Sample(path={"rep_id": "r1"}, query={"week": "2024-W12"}),
    "POST /v1/next-actions": Sample(json={"accounts": [{"account_id": "a1"}]}),
    "POST /v1/recommendations": Sample(json={"rep_id": "r1", "week": "2024-W12"}),
    "GET /v1/duties": Sample(query={"rep": "r1"}),
    "POST /v1/duties/status": Sample(
        json={"week": "2024-W12", "duties": [{"duty_id": duty_id(VISITS), "account_id": "a1", "state": "done"}]}
    ),
    "GET /v1/decisions": Sample(query={"sort": "-changed_at"}),
    "GET /v1/reports/adoption": Sample(query={"from_week": "2024-W10", "to_week": "2024-W12"}),
    "GET /v1/decisions/{decision_id}": Sample(path={"decision_id": "d1"}),
    "POST /v1/decisions/{decision_id}/status": Sample(path={"decision_id": "d1"}, json={"state": "accepted"}),
    "GET /v1/reports/grades": Sample(),
    "GET /v1/exports/scores": Sample(),
    "GET /v1/exports/plans": Sample(query={"week": "2024-W12"}),
    "GET /v1/accounts/{account_id}/grades": Sample(path={"account_id": "a1"}, query={"quarters": "2"}),
    "GET /v1/accounts/{account_id}/relationship": Sample(path={"account_id": "a1"}),
    "GET /v1/accounts/{account_id}/emotional-account": Sample(path={"account_id": "a1"}),
    "GET /v1/accounts/{account_id}/explanation": Sample(path={"account_id": "a1"}),
    "PUT /v1/accounts/{account_id}/objection": Sample(path={"account_id": "a1"}),
    "DELETE /v1/accounts/{account_id}/objection": Sample(path={"account_id": "a1"}),
    "POST /v1/accounts/{account_id}/reviews": Sample(path={"account_id": "a1"}, json={}),
    "GET /v1/reviews": Sample(query={"which": "all"}),
    "POST /v1/reviews/{review_id}/answer": Sample(path={"review_id": "v1"}, json={"answer": "looked at"}),
    "GET /v1/audit": Sample(),
    "DELETE /v1/contacts/{contact_id}": Sample(path={"contact_id": "c1"}),
    "DELETE /v1/accounts/{account_id}": Sample(path={"account_id": "a1"}),
    "GET /": Sample(),
    "GET /login": Sample(),
    "POST /login": Sample(),
    "POST /logout": Sample(),
    "GET /login/oidc": Sample(),
    "GET /login/oidc/callback": Sample(),
    "GET /v1/model": Sample(),
    "GET /healthz": Sample(),
    "GET /readyz": Sample(),
    "GET /metrics": Sample(),
}
