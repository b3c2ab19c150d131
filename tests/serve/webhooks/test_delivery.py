"""Messages reach a receiver that fails: at least once, with the same id, in the end or visibly not."""

import io
import json
from random import Random
from threading import Event

import pytest
from security_company import NOW, SECOND, Clock
from sqlalchemy import select, text
from waiting import wait_until

from serve.database.tables import DELIVERIES, OUTBOX, WEBHOOKS
from serve.logs import build_logger
from serve.security.encryption import Cipher
from serve.webhooks.addresses import AllowedNetworks
from serve.webhooks.dispatcher import (
    AT_ONCE,
    LEASE,
    MOST_ATTEMPTS,
    SHORTEST_REST,
    CircuitBreaker,
    Dispatcher,
    claim,
    pause_after,
)
from serve.webhooks.message_types import MessageKind, band_crossed, duties_overdue, plan_created
from serve.webhooks.outbox import enqueue
from serve.webhooks.records import (
    NewWebhook,
    add_webhook,
    count_deliveries,
    disable_webhook,
    find_webhook,
    list_dead,
    renew_secret,
    replay,
    rotate_secrets,
)
from serve.webhooks.sending import DeliveryAttempt, WebhookSender
from serve.webhooks.signing import is_signed

CROSSED = band_crossed("a1", "low", "high", "2024-03-20T00:00:00+00:00", "3")
PLAN = plan_created("r1", "2024-W12", "p1", 40, NOW)


def late(account, due_by):
    which = {"duty": "promise", "occasion": None, "channel": None, "event_id": None}
    duty = {"account_id": account, "due_by": due_by, "rep_id": "r1", "must": True, **which}
    return duties_overdue(f"{account} {due_by}", [duty], 1, 1)


ENDS = ("waiting", "delivered", "dead")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def logged():
    return io.TextIOWrapper(io.BytesIO())


@pytest.fixture
def dispatcher(database, cipher, clock, logged):
    return Dispatcher(database, cipher, WebhookSender(AllowedNetworks(loopback=True)), clock, build_logger(logged))


@pytest.fixture
def webhook(database, cipher, receiver):
    wish = NewWebhook(receiver.url, frozenset({MessageKind.BAND_CROSSED, MessageKind.DUTIES_OVERDUE}), "test")
    with database.writing() as connection:
        return add_webhook(connection, cipher, wish, NOW)


def put(database, *messages, at=NOW):
    with database.writing() as connection:
        return enqueue(connection, messages, at)


def deliveries(database):
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(select(DELIVERIES)).mappings()]


def counts(database):
    with database.reading() as connection:
        return {name: sum(one[name] for one in count_deliveries(connection).values()) for name in ENDS}


def test_a_message_arrives_signed_with_type_timestamp_data(database, dispatcher, webhook, receiver):
    assert put(database, CROSSED) == 1
    assert dispatcher.deliver_due() == 1
    ((headers, body),) = receiver.came
    assert is_signed(headers, body, webhook.secrets[0], NOW // SECOND)
    assert (headers["content-type"], headers["host"]) == ("application/json", receiver.url.split("/")[2])
    assert json.loads(body) == {
        "type": "account.band_crossed",
        "timestamp": "2024-03-20T00:00:00+00:00",
        "data": {
            "account_id": "a1",
            "before": "low",
            "after": "high",
            "as_of": "2024-03-20T00:00:00+00:00",
            "model": "3",
        },
    }
    assert dispatcher.deliver_due() == 0
    assert counts(database) == {"waiting": 0, "delivered": 1, "dead": 0}


def test_a_message_that_nobody_asks_for_is_not_kept(database, webhook):
    assert put(database, PLAN) == 0
    with database.reading() as connection:
        assert connection.execute(select(OUTBOX)).all() == []


def test_the_same_occasion_is_told_once(database, dispatcher, webhook, receiver):
    overdue = late("a1", "2024-03-01")
    assert [put(database, overdue), put(database, overdue, at=NOW + SECOND)] == [1, 0]
    dispatcher.deliver_due()
    assert len(receiver.came) == 1
    assert late("a1", "2024-03-02").message_id != overdue.message_id


def test_a_change_that_fails_tells_nothing(database, dispatcher, webhook, receiver):
    with pytest.raises(ZeroDivisionError, match="by zero"), database.writing() as connection:
        enqueue(connection, [CROSSED], NOW)
        1 / 0  # noqa: B018
    assert (dispatcher.deliver_due(), receiver.came, deliveries(database)) == (0, [], [])


def test_a_receiver_that_fails_gets_the_same_message_again_later(database, dispatcher, webhook, receiver, clock):
    receiver.answers = [500, "hang up", 302]
    put(database, CROSSED)
    for attempt in range(1, 5):
        assert dispatcher.deliver_due() == 1
        assert dispatcher.deliver_due() == 0, "the pause is over at once"
        clock.forward(10 * 3 ** (attempt - 1))
    assert set(receiver.ids()) == {CROSSED.message_id}
    assert len(receiver.came) == 4
    assert counts(database) == {"waiting": 0, "delivered": 1, "dead": 0}


def test_a_redirect_is_not_followed(database, dispatcher, webhook, receiver):
    receiver.answers, receiver.headers = [307], {"location": receiver.url}
    put(database, CROSSED)
    dispatcher.deliver_due()
    assert len(receiver.came) == 1
    assert deliveries(database)[0]["fault"] == "the receiver answered 307"


def test_a_receiver_that_never_answers_is_left_after_the_limit(database, cipher, webhook, receiver, clock, logged):
    receiver.answers = ["slow"]
    put(database, CROSSED)
    hasty = WebhookSender(AllowedNetworks(loopback=True), longest_seconds=0.5)
    Dispatcher(database, cipher, hasty, clock, build_logger(logged)).deliver_due()
    assert deliveries(database)[0]["fault"] == "no answer within 0.5 seconds"


def test_a_receiver_says_when_to_come_again(database, dispatcher, webhook, receiver, clock):
    receiver.answers, receiver.headers = [429], {"retry-after": "600"}
    put(database, CROSSED)
    dispatcher.deliver_due()
    clock.forward(599)
    assert dispatcher.deliver_due() == 0
    clock.forward(1)
    assert dispatcher.deliver_due() == 1


def exhaust(dispatcher, receiver, clock):
    receiver.answers = [500] * MOST_ATTEMPTS
    while dispatcher.deliver_due():
        clock.forward(13 * 3600)


def test_given_up_it_is_seen_and_sent_again_when_asked(database, dispatcher, webhook, receiver, clock):
    put(database, CROSSED)
    exhaust(dispatcher, receiver, clock)
    assert len(receiver.came) == MOST_ATTEMPTS
    with database.reading() as connection:
        (dead,) = list_dead(connection, 10)
    assert (dead["message_id"], dead["attempts"], dead["kind"]) == (CROSSED.message_id, MOST_ATTEMPTS, CROSSED.kind)
    assert dead["fault"] == "the receiver answered 500"
    with database.writing() as connection:
        assert replay(connection, clock(), None, "msg_another") == 0
        assert replay(connection, clock(), webhook.webhook_id, CROSSED.message_id) == 1
    assert dispatcher.deliver_due() == 1
    assert set(receiver.ids()) == {CROSSED.message_id}
    assert counts(database) == {"waiting": 0, "delivered": 1, "dead": 0}


def test_a_receiver_that_is_gone_gets_nothing_more(database, dispatcher, webhook, receiver, clock):
    receiver.answers = [410]
    put(database, CROSSED)
    dispatcher.deliver_due()
    assert put(database, late("a1", "2024-03-01")) == 0
    assert counts(database)["dead"] == 1
    with database.writing() as connection:
        assert replay(connection, clock(), None, None) == 0


def test_a_disabled_webhook_gets_nothing_more(database, dispatcher, webhook, receiver):
    put(database, CROSSED)
    with database.writing() as connection:
        assert disable_webhook(connection, webhook.webhook_id, NOW)
        assert not disable_webhook(connection, webhook.webhook_id, NOW)
    assert (dispatcher.deliver_due(), receiver.came) == (0, [])
    assert deliveries(database)[0]["fault"] == "the webhook was disabled"


def test_what_a_dead_process_had_claimed_is_delivered_after_the_lease(
    database, cipher, dispatcher, webhook, receiver, clock
):
    put(database, CROSSED)
    with database.writing() as connection:
        assert len(claim(connection, cipher, clock(), webhook.webhook_id)) == 1
        assert len(claim(connection, cipher, clock(), webhook.webhook_id)) == 0
    assert dispatcher.deliver_due() == 0
    clock.forward(LEASE / SECOND)
    assert dispatcher.deliver_due() == 1


def test_many_messages_are_delivered_in_portions(database, dispatcher, webhook, receiver):
    messages = [late(f"a{number}", "2024-03-01") for number in range(AT_ONCE + 3)]
    assert put(database, *messages) == AT_ONCE + 3
    assert [dispatcher.deliver_due() for _ in range(3)] == [AT_ONCE, 3, 0]
    assert sorted(receiver.ids()) == sorted(message.message_id for message in messages)


def test_two_receivers_fail_on_their_own(database, cipher, dispatcher, webhook, receiver):
    with database.writing() as connection:
        dead_end = NewWebhook("http://127.0.0.1:9/", frozenset({MessageKind.BAND_CROSSED}), "test")
        add_webhook(connection, cipher, dead_end, NOW)
    assert put(database, CROSSED) == 2
    dispatcher.deliver_due()
    assert counts(database) == {"waiting": 1, "delivered": 1, "dead": 0}
    assert {row["fault"] for row in deliveries(database)} == {None, "no answer: ConnectError"}


def test_a_receiver_that_hangs_holds_no_other_up(database, cipher, webhook, receiver, clock, logged):
    with database.writing() as connection:
        hanging = NewWebhook("http://127.0.0.1:9/", frozenset({MessageKind.DUTIES_OVERDUE}), "test")
        name = add_webhook(connection, cipher, hanging, NOW).webhook_id
    released, real = Event(), WebhookSender(AllowedNetworks(loopback=True))

    def send(claimed, now):
        if claimed[0].webhook.webhook_id == name:
            released.wait(30)
        return real(claimed, now)

    number = 5 * AT_ONCE
    put(database, *(late(f"a{index}", "2024-03-01") for index in range(number)))
    dispatcher = Dispatcher(database, cipher, send, clock, build_logger(logged))
    dispatcher.start()
    try:
        wait_until(lambda: counts(database)["delivered"] == number)
        assert counts(database) == {"waiting": number, "delivered": number, "dead": 0}
    finally:
        released.set()
        dispatcher.stop()


def test_a_webhook_whose_attempts_all_fail_rests_and_is_probed(database, cipher, receiver, clock, logged):
    with database.writing() as connection:
        dead_end = NewWebhook("http://127.0.0.1:9/", frozenset({MessageKind.DUTIES_OVERDUE}), "test")
        add_webhook(connection, cipher, dead_end, NOW)
    attempted = []

    def send(claimed, now):
        attempted.append(len(claimed))
        return [DeliveryAttempt("no answer") for _ in claimed]

    put(database, *(late(f"a{index}", "2024-03-01") for index in range(3 * AT_ONCE)))
    dispatcher = Dispatcher(database, cipher, send, clock, build_logger(logged))
    assert [dispatcher.deliver_due() for _ in range(3)] == [AT_ONCE, 0, 0]
    clock.forward(SHORTEST_REST / SECOND)
    assert [dispatcher.deliver_due() for _ in range(2)] == [1, 0]
    clock.forward(SHORTEST_REST / SECOND)
    assert dispatcher.deliver_due() == 0, "the second rest is longer"
    assert attempted == [AT_ONCE, 1]


def test_a_webhook_that_answers_again_gets_everything_at_once():
    breaker = CircuitBreaker()
    breaker.note("w", [DeliveryAttempt("no answer")], 0)
    assert [breaker.room("w", now) for now in (0, SHORTEST_REST - 1, SHORTEST_REST)] == [0, 0, 1]
    breaker.note("w", [DeliveryAttempt()], SHORTEST_REST)
    assert breaker.room("w", SHORTEST_REST) == AT_ONCE


def test_an_address_inside_the_network_is_never_called(database, cipher, webhook, receiver, clock, logged):
    inside = Dispatcher(database, cipher, WebhookSender(AllowedNetworks()), clock, build_logger(logged))
    put(database, CROSSED)
    inside.deliver_due()
    assert receiver.came == []
    assert "127.0.0.1 is this machine" in deliveries(database)[0]["fault"]


def test_old_and_new_secret_sign_while_they_are_exchanged(database, cipher, dispatcher, webhook, receiver):
    with database.writing() as connection:
        fresh = renew_secret(connection, cipher, webhook)
        found = find_webhook(connection, cipher, webhook.webhook_id)
        assert found is not None
        assert found.secrets == (fresh, *webhook.secrets)
    put(database, CROSSED)
    dispatcher.deliver_due()
    ((headers, body),) = receiver.came
    assert all(is_signed(headers, body, secret, NOW // SECOND) for secret in (fresh, *webhook.secrets))


def test_secrets_are_sealed_in_the_database_and_sealed_anew(database, cipher, webhook):
    newest = Cipher("next", {**cipher.keys, "next": bytes(32)})
    with database.writing() as connection:
        (kept,) = connection.execute(select(WEBHOOKS.c.secrets)).scalars()
        assert "whsec_" not in kept
        assert rotate_secrets(connection, cipher) == 0
        assert [rotate_secrets(connection, newest), rotate_secrets(connection, newest)] == [1, 0]
        assert find_webhook(connection, newest, webhook.webhook_id) == webhook


def test_nothing_personal_is_logged(database, dispatcher, webhook, logged):
    put(database, CROSSED)
    dispatcher.deliver_due()
    line = json.loads(logged.buffer.getvalue())
    assert (line["event"], line["attempt"], line["fault"]) == ("webhook_attempt", 1, None)
    assert "a1" not in line.values()


def test_pauses_grow_threefold_up_to_twelve_hours_half_by_chance():
    random = Random(1)
    for attempts, whole in ((1, 10), (2, 30), (3, 90), (8, 21_870), (9, 43_200), (14, 43_200)):
        pauses = [pause_after(attempts, random) / SECOND for _ in range(200)]
        assert whole / 2 <= min(pauses) < whole * 0.55
        assert whole * 0.95 < max(pauses) <= whole


def test_it_runs_in_a_thread_and_survives_a_failing_database(database, dispatcher, webhook, receiver, logged):
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE deliveries RENAME TO elsewhere"))
    dispatcher.start()
    try:
        wait_until(lambda: b"webhooks_not_delivered" in logged.buffer.getvalue())
        with database.writing() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO deliveries"))
        put(database, CROSSED)
        wait_until(lambda: receiver.came)
    finally:
        dispatcher.stop()
    assert set(receiver.ids()) == {CROSSED.message_id}
