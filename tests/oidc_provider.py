"""An OpenID provider on this machine that says what a test wants."""

import base64
import json
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET, CALLBACK = "kqml", "s3cret", "http://testserver/login/oidc/callback"


@dataclass
class Provider:
    """`claims`: added to the ID token; `signs`: the key that signs; `publishes`: the keys of its key set."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    signs: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    publishes: list[ECKey] = field(default_factory=list)
    down: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def code_for(self, address: str) -> tuple[str, str]:
        """Log somebody in at the address that the service redirected to; return code and state."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (query["client_id"], query["redirect_uri"]) == (CLIENT, CALLBACK)
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return code, query["state"]

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 500, {}
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return 200, {"issuer": self.url, **{key: f"{self.url}/{name}" for key, name in names.items()}}
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.publishes or [self.signs]]}
        return self._token(form, authorization)

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        query = self.codes.pop(form["code"], None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        challenge = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if query is None or authorization != f"Basic {basic}" or challenge != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        claims = {"iss": self.url, "aud": CLIENT, "exp": 4_000_000_000, "nonce": query["nonce"], **self.claims}
        return 200, {"id_token": jwt.encode({"alg": "ES256", "kid": self.signs.kid}, claims, self.signs)}


def start_provider() -> tuple[Provider, ThreadingHTTPServer]:
    """The provider with its server, which the caller shuts down."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*provider.answer(self.path, {}, ""))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(*provider.answer(self.path, form, self.headers.get("authorization", "")))

        def _send(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return provider, server
