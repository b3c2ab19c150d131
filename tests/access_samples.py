"""What every route needs of its caller, with a request for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from serve.access import Scope

PUBLIC_PATHS = frozenset({"GET /openapi.json"})
"""Served by the framework: says which addresses there are, nothing else."""


@dataclass(frozen=True)
class Sample:
    """A request that somebody who may see everything gets answered. `path`: the values of the address's names."""

    path: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


RULES: dict[str, Scope | None] = {
    "POST /v1/scores": Scope.READ_SCORES,
    "POST /v1/events": Scope.WRITE_EVENTS,
    "GET /v1/accounts": Scope.READ_ACCOUNTS,
    "POST /v1/accounts": Scope.WRITE_ACCOUNTS,
    "GET /v1/accounts/{account_id}": Scope.READ_ACCOUNTS,
    "PUT /v1/accounts/{account_id}": Scope.WRITE_ACCOUNTS,
    "GET /v1/model": Scope.READ_MODEL,
    "GET /healthz": None,
    "GET /readyz": None,
    "GET /metrics": Scope.READ_METRICS,
}

SAMPLES: dict[str, Sample] = {
    "POST /v1/scores": Sample(json={"accounts": [{"account_id": "a1"}]}),
    "POST /v1/events": Sample(
        json={"events": [{"event_id": "e", "account_id": "a1", "occurred_at": "2024-01-01T00:00:00Z", "kind": "visit"}]}
    ),
    "GET /v1/accounts": Sample(query={"sort": "name"}),
    "POST /v1/accounts": Sample(json={"accounts": [{"account_id": "a9", "owner_rep_id": "r1"}]}),
    "GET /v1/accounts/{account_id}": Sample(path={"account_id": "a1"}),
    "PUT /v1/accounts/{account_id}": Sample(path={"account_id": "a9"}, json={"owner_rep_id": "r1"}),
    "GET /v1/model": Sample(),
    "GET /healthz": Sample(),
    "GET /readyz": Sample(),
    "GET /metrics": Sample(),
}
