"""Settings, read once at an edge from the environment (`TIMEBANK_…`) and passed down; no module imports values."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from timebank.errors import RefusalError


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
    """Base64 of 32 bytes that seal personal fields; without it a key file is made in home on first use."""

    zone: str = "Asia/Shanghai"
    """Zone of banks made from now on."""

    def model_post_init(self, context: object, /) -> None:
        """Fill in the default home and make it absolute.

        Raises:
            RefusalError: `zone_unknown`.
        """
        del context
        check_zone(self.zone)
        self.home = (self.home if self.home != Path() else default_home()).expanduser().absolute()
