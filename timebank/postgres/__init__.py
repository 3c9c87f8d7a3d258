"""The embedded PostgreSQL server: its folder, programs, configuration and life.

Schema and roles are made elsewhere.
"""

import sys

from timebank.postgres.errors import EmbeddedServerError

if sys.platform == "win32":
    raise EmbeddedServerError("platform_not_supported", platform=sys.platform)

from timebank.postgres.embedded import EmbeddedServer
from timebank.postgres.programs import system_server_bin, wheel_bin

__all__ = ["EmbeddedServer", "EmbeddedServerError", "system_server_bin", "wheel_bin"]
