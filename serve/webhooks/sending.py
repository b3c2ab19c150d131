"""Attempts to deliver messages: checked addresses, signatures, time limits, no redirects."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from serve.webhooks.addresses import (
    AllowedNetworks,
    Resolve,
    UnreachableTarget,
    WebhookTarget,
    check_target,
    resolve_name,
)
from serve.webhooks.records import WebhookRecord
from serve.webhooks.signing import signed_headers

LONGEST_SECONDS = 20.0
"""Of a whole attempt: a receiver that sends a byte now and then must not hold the others up."""

GONE = 410
LONGEST_RETRY_AFTER = 3600


@dataclass(frozen=True)
class Delivery:
    """One message claimed for one attempt, the `attempts`-th."""

    message_id: str
    webhook: WebhookRecord
    payload: str
    attempts: int


@dataclass(frozen=True)
class DeliveryAttempt:
    """The result of an attempt: delivered where `fault` is None. `retry_after`: seconds that the receiver asks for;
    `gone`: the receiver unsubscribed."""

    fault: str | None = None
    retry_after: int = 0
    gone: bool = False


@dataclass(frozen=True)
class WebhookSender:
    """Sends to addresses of the allowed networks (`reach`), never through a proxy of the environment."""

    reach: AllowedNetworks
    resolve: Resolve = resolve_name
    longest_seconds: float = LONGEST_SECONDS
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def __call__(self, deliveries: Sequence[Delivery], now: int) -> list[DeliveryAttempt]:
        """Attempt all deliveries at once, at `now` (microseconds); never raises for what receivers do."""
        return asyncio.run(self._all(deliveries, now))

    async def _all(self, deliveries: Sequence[Delivery], now: int) -> list[DeliveryAttempt]:
        timeout = httpx.Timeout(self.longest_seconds)
        async with httpx.AsyncClient(timeout=timeout, verify=self.trusted, trust_env=False) as client:
            return await asyncio.gather(*(self._send(client, delivery, now) for delivery in deliveries))

    async def _send(self, client: httpx.AsyncClient, delivery: Delivery, now: int) -> DeliveryAttempt:
        body, webhook = delivery.payload.encode(), delivery.webhook
        headers = signed_headers(delivery.message_id, now // 1_000_000, body, webhook.secrets)
        try:
            async with asyncio.timeout(self.longest_seconds):
                target = await asyncio.to_thread(check_target, webhook.url, self.reach, self.resolve)
                return await _posted(client, target, body, headers)
        except UnreachableTarget as error:
            return DeliveryAttempt(f"the address may not be called: {error}")
        except TimeoutError:
            return DeliveryAttempt(f"no answer within {self.longest_seconds:g} seconds")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return DeliveryAttempt(f"no answer: {type(error).__name__}")


async def _posted(
    client: httpx.AsyncClient, target: WebhookTarget, body: bytes, headers: dict[str, str]
) -> DeliveryAttempt:
    """Connects to the checked address with the host name of the URL; reads no body."""
    url = httpx.URL(target.url)
    request = client.build_request(
        "POST",
        url.copy_with(host=target.address),
        content=body,
        headers={**headers, "host": url.netloc.decode(), "content-type": "application/json", "user-agent": "kqml"},
        extensions={"sni_hostname": target.host},
    )
    answer = await client.send(request, stream=True, follow_redirects=False)
    await answer.aclose()
    return _evaluate(answer)


def _evaluate(answer: httpx.Response) -> DeliveryAttempt:
    if answer.is_success:
        return DeliveryAttempt()
    request = answer.headers.get("retry-after", "")
    retry_after = min(int(request), LONGEST_RETRY_AFTER) if request.isdecimal() and len(request) < 9 else 0
    return DeliveryAttempt(f"the receiver answered {answer.status_code}", retry_after, answer.status_code == GONE)
