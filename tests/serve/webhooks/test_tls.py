"""Receivers by HTTPS: the checked address is connected to, the name of the URL is what the certificate must say."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from serve.webhooks.addresses import AllowedNetworks
from serve.webhooks.message_types import MessageKind
from serve.webhooks.records import WebhookRecord
from serve.webhooks.sending import Delivery, WebhookSender
from serve.webhooks.signing import make_secret

NAME = "hooks.example.com"


@pytest.fixture
def certificate(tmp_path):
    """A certificate that only this test trusts, for NAME."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    kept = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "key.pem").write_bytes(kept)
    return tmp_path


@pytest.fixture
def receiver(certificate):
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.headers["host"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Nothing on standard error."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    class Server(HTTPServer):
        def handle_error(self, *words: object) -> None:
            """Handshakes that fail are expected."""

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_address[1], came
    server.shutdown()
    server.server_close()


def attempt(port, host, trusted):
    sender = WebhookSender(AllowedNetworks(loopback=True), resolve=lambda name, port: ["127.0.0.1"], trusted=trusted)
    url, kinds = f"https://{host}:{port}/kqml", (MessageKind.PLAN_CREATED,)
    webhook = WebhookRecord("wh_1", url, kinds, (make_secret(),), 0, None)
    (found,) = sender([Delivery("msg_1", webhook, "{}", 1)], 0)
    return found.fault


def test_the_name_of_the_url_is_checked_at_the_address_that_was_checked(certificate, receiver):
    port, came = receiver
    trusted = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    assert attempt(port, NAME, trusted) is None
    assert came == [f"{NAME}:{port}"]


def test_another_name_or_an_unknown_issuer_is_no_receiver(certificate, receiver):
    port, came = receiver
    trusted = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    assert attempt(port, "other.example.com", trusted) == "no answer: ConnectError"
    assert attempt(port, NAME, ssl.create_default_context()) == "no answer: ConnectError"
    assert came == []
