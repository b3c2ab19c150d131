"""OpenID Connect: the provider that vouches for users (authorization code flow with PKCE)."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from time import time
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by a private key of the provider; never `none`, never a shared secret."""

TIMEOUT_SECONDS = 10.0
LEEWAY_SECONDS = 60
"""Clocks of two machines differ."""

DISCOVERED_SECONDS = 3600.0
"""How long the provider's description and keys are cached."""


@dataclass(frozen=True)
class OidcOptions:
    """The provider's `issuer` address, our client there, the address of our callback as browsers see it."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    redirect_url: str


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for. `subject`: its stable id with the issuer; `email`: only if the provider verified
    it."""

    subject: str
    email: str | None


class OidcUnavailable(Exception):
    """Raised where the provider does not respond as the standard says."""


class OidcRefused(Exception):
    """Raised where the provider, or a check of what it sent, refuses the login."""


class OidcProvider:
    """Talks to the provider; caches its description and its keys. `clock`: in seconds since 1970."""

    def __init__(self, options: OidcOptions, clock: Callable[[], float] = time) -> None:
        self._options = options
        self._clock = clock
        self._cached: tuple[dict[str, Any], KeySet, float] | None = None

    def authorization_url(self, state: str, nonce: str, verifier: str) -> str:
        """Return the address at the provider where the browser logs in. Raises OidcUnavailable."""
        challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._options.client_id,
            "redirect_uri": self._options.redirect_url,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = str(self._discovered()[0]["authorization_endpoint"])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    def identify(self, code: str, verifier: str, nonce: str) -> Identity:
        """Exchange the code of a callback for the identity. Raises OidcRefused, OidcUnavailable."""
        claims = self._claims(self._id_token(code, verifier))
        wanted = JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._discovered()[0]["issuer"]},
            aud={"essential": True, "value": self._options.client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            wanted.validate(claims)
        except JoseError as error:
            raise OidcRefused(f"the ID token is not for this login ({error})") from error
        if claims.get("azp", self._options.client_id) != self._options.client_id:
            raise OidcRefused("the ID token was issued for another client")
        email = claims.get("email") if claims.get("email_verified") is True else None
        return Identity(f"{claims['iss']} {claims['sub']}", email if isinstance(email, str) else None)

    def _id_token(self, code: str, verifier: str) -> str:
        options = self._options
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": options.redirect_url,
            "client_id": options.client_id,
            "code_verifier": verifier,
        }
        login = None if options.client_secret is None else httpx.BasicAuth(options.client_id, options.client_secret)
        content = _ask("POST", str(self._discovered()[0]["token_endpoint"]), data=form, auth=login)
        token = content.get("id_token")
        if not isinstance(token, str):
            raise OidcRefused("the provider sent no ID token")
        return token

    def _claims(self, token: str) -> dict[str, Any]:
        """The claims of a token whose signature is the provider's; keys that rotated are read again once."""
        try:
            try:
                return dict(jwt.decode(token, self._discovered()[1], algorithms=list(ALGORITHMS)).claims)
            except InvalidKeyIdError:
                self._cached = None
                return dict(jwt.decode(token, self._discovered()[1], algorithms=list(ALGORITHMS)).claims)
        except (JoseError, ValueError) as error:
            raise OidcRefused(f"the ID token cannot be verified ({error})") from error

    def _discovered(self) -> tuple[dict[str, Any], KeySet]:
        if self._cached is None or self._clock() - self._cached[2] > DISCOVERED_SECONDS:
            issuer = self._options.issuer
            description = _ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if description.get("issuer") != issuer:
                raise OidcUnavailable(f"the provider calls itself {description.get('issuer')!r}, not {issuer!r}")
            try:
                keys = KeySet.import_key_set(_ask("GET", str(description["jwks_uri"])))  # type: ignore[arg-type]
                self._cached = description, keys, self._clock()
            except (KeyError, ValueError, JoseError) as error:
                raise OidcUnavailable(f"the provider's description is incomplete ({error})") from error
        return self._cached[0], self._cached[1]


def _ask(method: str, address: str, **more: Any) -> dict[str, Any]:
    """The JSON object of a response. Raises OidcRefused for a 4xx to a POST, else OidcUnavailable."""
    try:
        answer = httpx.request(method, address, timeout=TIMEOUT_SECONDS, **more)
        if method == "POST" and 400 <= answer.status_code < 500:
            raise OidcRefused(f"the provider refuses the code ({answer.status_code})")
        content = answer.raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise OidcUnavailable(f"{address} does not respond as it should ({type(error).__name__})") from error
    if not isinstance(content, dict):
        raise OidcUnavailable(f"{address} does not respond with a JSON object")
    return content
