"""Settings, read once at an edge from the environment (`TIMEBANK_…`) and passed down; no module imports values."""

import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from timebank.errors import RefusalError

MAIL_ADDRESS = r"^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}$"


def default_home() -> Path:
    """Return where books and keys live unless TIMEBANK_HOME says otherwise.

    Root's own home is closed to the unprivileged user that PostgreSQL runs as, so root gets /var/lib.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/timebank")
    return Path(platformdirs.user_data_dir("timebank", appauthor=False))


def check_zone(zone: str) -> None:
    """Refuse a name that is no time zone.

    Raises:
        RefusalError: `zone_unknown`.
    """
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise RefusalError("zone_unknown", zone=zone) from None


class Settings(BaseSettings):
    """What an installation may set. Every field is an environment variable with the prefix TIMEBANK_."""

    model_config = SettingsConfigDict(env_prefix="TIMEBANK_", extra="ignore")

    home: Path = Path()
    """Folder of the embedded server, the keys and the anchored checkpoints."""

    database_url: SecretStr | None = None
    """postgresql://… of a server ≥ 15; without it the embedded one is used."""

    vault_key: SecretStr | None = None
    """Base64 of 32 bytes that seal personal fields; several with commas, the first seals and all open. Without it a key
    file is made in home on first use."""

    token_keys: SecretStr | None = None
    """Base64 of 32 bytes that sign access tokens; several with commas, the first signs and all verify. Without it key
    files are made in home on first use."""

    trusted_proxies: str = ""
    """Addresses with commas, or `*`, whose X-Forwarded-For and -Proto are believed; none by default."""

    public_url: str | None = Field(default=None, pattern=r"^https?://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?/?$")
    """https://HOST that phones reach the pages at, printed in every QR; by default the address that was asked."""

    pool_size: int = Field(default=10, ge=2, le=200)
    """Connections to the database of each serving process, at most."""

    office_links: bool | None = None
    """Whether a printed login link opens an office's roles, which otherwise need a password and a second factor; by
    default with the embedded server only."""

    smtp_url: SecretStr | None = None
    """smtp[s]://[USER:PASSWORD@]HOST[:PORT] of the relay that takes mail; smtp begins TLS, except on this machine."""

    mail_from: str | None = Field(default=None, pattern=MAIL_ADDRESS)
    """The address that mail comes from; with TIMEBANK_SMTP_URL, e-mail is offered."""

    gateway_url: str | None = Field(default=None, pattern=r"^https?://[^\s@]{1,400}$")
    """Where messages for SMS and WeChat are handed to, a program of the installation."""

    gateway_secret: SecretStr | None = None
    """whsec_… that signs what the gateway gets."""

    gateway_templates: Path | None = None
    """A JSON file: channel (sms, wechat) to kind to template and params; what stands in it is offered."""

    zone: str = "Asia/Shanghai"
    """Zone of banks made from now on."""

    @property
    def office_links_allowed(self) -> bool:
        """Whether a printed login link opens an office's roles."""
        return self.database_url is None if self.office_links is None else self.office_links

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 -- whatever the fields take
        """Read the environment; `values` go before it.

        Raises:
            RefusalError: `zone_unknown`; `setting_invalid`, naming variables and never what they hold.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            names = ", ".join(sorted({f"TIMEBANK_{item['loc'][0]}".upper() for item in error.errors()}))
            raise RefusalError("setting_invalid", names=names) from None

    def model_post_init(self, context: object, /) -> None:
        """Fill in the default home and make it absolute.

        Raises:
            RefusalError: `zone_unknown`.
        """
        del context
        check_zone(self.zone)
        self.home = (self.home if self.home != Path() else default_home()).expanduser().absolute()
