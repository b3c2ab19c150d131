"""Settings of who may ask, how long what is personal is kept, where webhooks may point."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_FROZEN = ConfigDict(extra="forbid", frozen=True)
Positive = Annotated[int, Field(ge=1)]


class SecuritySettings(BaseModel):
    """`[security]`. `open`: answer everybody while the database knows no key and no user, on this machine only. `tls`:
    browsers reach the service by HTTPS, so cookies are Secure and HSTS is sent."""

    model_config = _FROZEN

    open: bool = False
    tls: bool = False
    session_idle_minutes: Positive = 120
    session_hours: Positive = 12


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
