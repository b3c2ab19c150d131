"""Where things are, how the program speaks: `kqml.toml`, then the environment (`KQML_*`), then flags."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from kqml.errors import BadUse, Fault
from kqml.security_settings import OidcSettings, RetentionSettings, SecuritySettings, WebhookSettings


class ChurnSettings(BaseModel):
    """Defaults of the churn flags (`[churn]`), in days where not counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    horizon: int = 90
    gap: int = 28
    every: int = 28
    min_orders: int = 4
    active_within: int = 90
    personal_k: float = 2.7


class BandSettings(BaseModel):
    """Thresholds of the bands (`[bands]`): multiples of the training churn rate; `stopped` is a probability."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    raised: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.5
    high: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0
    stopped: Annotated[float, Field(ge=0, le=1)] = 0.5


class PlaybookSettings(BaseModel):
    """The playbook in force (`[playbook]`): `file` is a path, or a preset's name; `KQML_PLAYBOOK` says it alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, Field(min_length=1)] = "pharmacy"


def _named_file(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:
        raise ValueError("there is no such time zone; give a name such as Asia/Shanghai") from error
    return name


class Settings(BaseSettings):
    """Every setting, validated; unknown keys of the file are faults."""

    model_config = SettingsConfigDict(env_prefix="KQML_", env_nested_delimiter="__", extra="forbid", frozen=True)

    home: Path = Path(".kqml")
    mlflow_uri: str | None = None
    database_url: str | None = None
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Shanghai"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    language: Literal["zh", "en"] = "zh"
    data_dir: Path | None = None
    churn: ChurnSettings = ChurnSettings()
    bands: BandSettings = BandSettings()
    playbook: Annotated[PlaybookSettings, NoDecode, BeforeValidator(_named_file)] = PlaybookSettings()
    secret_keys: SecretStr | None = None
    secret_keys_file: Path | None = None
    security: SecuritySettings = SecuritySettings()
    oidc: OidcSettings | None = None
    retention: RetentionSettings = RetentionSettings()
    webhooks: WebhookSettings = WebhookSettings()

    @property
    def secret_file(self) -> Path:
        """Where the secret keys are, unless KQML_SECRET_KEYS says them."""
        return self.secret_keys_file or self.home / "secret.keys"

    @property
    def registry_uri(self) -> str:
        """MLflow's address: the setting, else MLFLOW_TRACKING_URI, else SQLite at home."""
        local = f"sqlite:///{(self.home / 'mlflow.db').absolute()}"
        return self.mlflow_uri or os.environ.get("MLFLOW_TRACKING_URI") or local

    @property
    def database_address(self) -> str:
        """The database's database: the setting, else SQLite at home."""
        return self.database_url or f"sqlite:///{(self.home / 'kqml.db').absolute()}"

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts"

    @property
    def served(self) -> Path:
        return self.home / "served"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _config_file()))


def _config_file() -> Path:
    return Path(os.environ.get("KQML_CONFIG", "kqml.toml"))


def read_settings() -> Settings:
    """The settings of this process. Raises BadUse with every fault, by key, at once."""
    named = os.environ.get("KQML_CONFIG")
    if named and not Path(named).is_file():
        raise BadUse(f"The configuration file {named} named by --config or KQML_CONFIG does not exist.")
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            Fault(".".join(map(str, item["loc"])), f"{item['msg']} (got {_shown(item)})", "correct it")
            for item in error.errors()
        ]
        raise BadUse("The settings cannot be used (kqml.toml or KQML_* in the environment).", faults) from error
    except SettingsError as error:
        raise BadUse(f"The settings cannot be used: {error} (KQML_* in the environment).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadUse(f"{_config_file()} is not valid TOML: {error}.") from error


def _shown(item: ErrorDetails) -> str:
    """The value at fault; never a secret."""
    return "a secret" if any("secret" in str(part) for part in item["loc"]) else repr(item["input"])
