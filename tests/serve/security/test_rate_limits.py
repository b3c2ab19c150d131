"""Callers that send too many requests are asked to wait; others are not."""

from dataclasses import replace

import pytest
from security_company import bearer

from serve.http.problems import ProblemError
from serve.http.rate_limits import RateLimiter
from serve.security.callers import Scope


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_s_requests_may_come_at_once_then_one_after_the_other():
    clock = Seconds()
    limiter = RateLimiter(30, clock)
    for _ in range(30):
        limiter.take("key:a")
    with pytest.raises(ProblemError, match="More than 30 requests a minute") as refused:
        limiter.take("key:a")
    limiter.take("key:b")
    assert refused.value.headers["retry-after"] == "2"

    clock.now += 2.0
    limiter.take("key:a")
    with pytest.raises(ProblemError, match="More than 30"):
        limiter.take("key:a")

    clock.now += 3600.0
    for _ in range(30):
        limiter.take("key:a")
    with pytest.raises(ProblemError, match="More than 30"):
        limiter.take("key:a")


@pytest.fixture
def limited(client, company):
    service = client.app.state.service
    client.app.state.service = replace(service, security=replace(service.security, requests_per_minute=2))
    return client


def test_a_key_beyond_its_limit_gets_429_and_another_key_is_answered(limited, company):
    one, other = (bearer(company.key(Scope.READ_ACCOUNTS)) for _ in range(2))
    answers = [limited.get("/v1/accounts", headers=one) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["type"] == "urn:kqml:problem:rate-limited"
    assert answers[2].headers["retry-after"] == "30"
    assert limited.get("/v1/accounts", headers=other).status_code == 200


def test_health_and_refused_callers_are_not_counted(limited):
    assert {limited.get("/healthz").status_code for _ in range(5)} == {200}
    assert {limited.get("/v1/accounts").status_code for _ in range(5)} == {401}
