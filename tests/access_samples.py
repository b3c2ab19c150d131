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
    "GET /v1/model": Scope.READ_MODEL,
    "GET /healthz": None,
    "GET /readyz": None,
    "GET /metrics": Scope.READ_METRICS,
}

SAMPLES: dict[str, Sample] = {
    "POST /v1/scores": Sample(json={"accounts": [{"account_id": "a1"}]}),
    "GET /v1/model": Sample(),
    "GET /healthz": Sample(),
    "GET /readyz": Sample(),
    "GET /metrics": Sample(),
}
