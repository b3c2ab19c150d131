"""Settings of who may ask, how long what is personal is kept, where webhooks may point."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

_FROZEN = ConfigDict(extra="forbid", frozen=True)
Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
"""A scheme with a host and maybe a port: no path, no wildcard."""

_SAFE_ADDRESS = r"^(https://[^\s]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/[^\s]*)?)"
"""By HTTPS, or on this machine."""

Positive = Annotated[int, Field(ge=1)]


class SecuritySettings(BaseModel):
    """`[security]`. `open`: answer everybody while the database knows no key and no user, on this machine only. `tls`:
    browsers reach the service by HTTPS, so cookies are Secure and HSTS is sent. `requests_per_minute`: of one key or
    user to one worker. `cors_origins`: whose pages may call the API with a key from a browser."""

    model_config = _FROZEN

    open: bool = False
    tls: bool = False
    session_idle_minutes: Positive = 120
    session_hours: Positive = 12
    requests_per_minute: Positive = 60_000
    cors_origins: tuple[Origin, ...] = ()


class OidcSettings(BaseModel):
    """`[oidc]`: the OpenID provider of the company. `redirect_url`: our `/login/oidc/callback` as browsers reach it."""

    model_config = _FROZEN

    issuer: Annotated[str, Field(pattern=_SAFE_ADDRESS)]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretStr | None = None
    redirect_url: Annotated[str, Field(pattern=_SAFE_ADDRESS + r".*/login/oidc/callback$")]


class RetentionSettings(BaseModel):
    """`[retention]`, in days; absent: kept until erased by hand. What `kqml erase --expired` does."""

    model_config = _FROZEN

    contacts_of_ended_accounts: Positive | None = 365
    contacts_untouched: Positive | None = None
    audit_log: Positive | None = 1095
    messages: Positive | None = 90


class WebhookSettings(BaseModel):
    """`[webhooks]`: where they may point beyond public addresses by HTTPS."""

    model_config = _FROZEN

    loopback: bool = False
    private: bool = False
