"""Signatures by Standard Webhooks."""

import base64

import pytest

from serve.webhooks.signing import is_signed, make_secret, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, SECONDS, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
"""The example of the reference implementation's documentation."""


def test_the_published_example_has_its_signature():
    headers = signed_headers(ID, SECONDS, BODY, [SECRET])
    assert headers == {"webhook-id": ID, "webhook-timestamp": str(SECONDS), "webhook-signature": SIGNATURE}


def test_old_and_new_secret_both_verify_while_they_are_exchanged():
    new = make_secret()
    headers = signed_headers(ID, SECONDS, BODY, [new, SECRET])
    assert headers["webhook-signature"].split()[1] == SIGNATURE
    assert is_signed(headers, BODY, new, SECONDS)
    assert is_signed(headers, BODY, SECRET, SECONDS)
    assert not is_signed(headers, BODY, make_secret(), SECONDS)


@pytest.mark.parametrize(
    ("changed", "now"),
    [
        ({"webhook-id": "msg_other"}, SECONDS),
        ({"webhook-timestamp": str(SECONDS + 1)}, SECONDS),
        ({"webhook-timestamp": "soon"}, SECONDS),
        ({"webhook-timestamp": ""}, SECONDS),
        ({"webhook-signature": ""}, SECONDS),
        ({"webhook-signature": SIGNATURE.replace("v1,", "v2,")}, SECONDS),
        ({"webhook-signature": "v1,ä"}, SECONDS),
        ({}, SECONDS + 301),
        ({}, SECONDS - 301),
    ],
)
def test_what_was_changed_or_is_old_is_not_signed(changed, now):
    assert not is_signed({**signed_headers(ID, SECONDS, BODY, [SECRET]), **changed}, BODY, SECRET, now)


def test_another_body_is_not_signed():
    assert not is_signed(signed_headers(ID, SECONDS, BODY, [SECRET]), BODY + b" ", SECRET, SECONDS)


def test_a_secret_is_32_random_bytes_as_the_specification_writes_them():
    first, second = make_secret(), make_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32
