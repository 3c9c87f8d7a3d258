"""The server's configuration files: settings, who may connect (`pg_hba.conf`), and as whom (`pg_ident.conf`).

Written at each start, so that a new release's settings take effect, and kept outside the data directory, so
that the server itself (which root runs as a user of its own) cannot change them.
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from timebank.postgres.area import Area

PORT = 5432
"""Only a part of the socket's name: nothing listens on the network."""
SUPERUSER = "postgres"
DATABASE_USERS = (SUPERUSER, "timebank_owner", "timebank_app", "timebank_reader")
USER_MAP = "timebank"
MEGABYTE = 2**20
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum": "on",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    # A bank that has grown is soon counted: until then its statements are planned as if it were empty.
    "autovacuum_naptime": "15s",
    # Vacuuming after a great job takes its time, so that it leaves the second core to those at the till.
    "autovacuum_vacuum_cost_delay": "10ms",
    "idle_in_transaction_session_timeout": "60s",
    "client_connection_check_interval": "10s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "ISO, YMD",
    "lc_messages": "C",
    "default_text_search_config": "pg_catalog.simple",
    # No personal data in the server's log: an error's text and detail quote the row ("Key (phone)=(…)
    # already exists"), its statement and parameters all of it. Errors go to the client, which logs them
    # masked; the log keeps the server's own life (LOG, FATAL and PANIC rank above ERROR in
    # log_min_messages).
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def write_configuration(
    area: Area, *, root: str, socket_folder: str, settings: Mapping[str, str]
) -> list[str]:
    """Write the three files into the server's folder and return the server's arguments for using them.

    `root` and `socket_folder` are paths as the server sees them; `settings` go before ours.

    Raises:
        ValueError: a setting or path with a line break.
    """
    chosen = SETTINGS | memory_settings(memory_bytes()) | dict(settings)
    chosen |= {
        "hba_file": f"{root}/pg_hba.conf",
        "ident_file": f"{root}/pg_ident.conf",
        "unix_socket_directories": '"' + socket_folder.replace('"', '""') + '"',
        "port": str(PORT),
    }
    _write(area, "postgresql.conf", "".join(f"{name} = {quoted(value)}\n" for name, value in chosen.items()))
    _write(
        area,
        "pg_hba.conf",
        f"local all all peer map={USER_MAP}\nlocal replication {SUPERUSER} peer map={USER_MAP}\n",
    )
    # As root only root: the dedicated user has no name, so that not even the server's own processes may
    # connect.
    account = pwd.getpwuid(os.geteuid()).pw_name.replace('"', '""')
    _write(area, "pg_ident.conf", "".join(f'{USER_MAP} "{account}" {name}\n' for name in DATABASE_USERS))
    return ["-D", f"{root}/{area.cluster.name}", "-c", f"config_file={root}/postgresql.conf"]


def quoted(value: str) -> str:
    """Return a value as postgresql.conf reads it.

    Raises:
        ValueError: when it has a line break, which that file cannot express.
    """
    if "\n" in value or "\r" in value:
        raise ValueError(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def memory_settings(bytes_available: int) -> dict[str, str]:
    """Return memory sizes: for buffers a quarter of a small machine's memory, 256 MB of a bigger one's."""
    megabytes = bytes_available // MEGABYTE
    return {
        "shared_buffers": f"{max(16, min(256, megabytes // 4))}MB",
        "effective_cache_size": f"{max(32, megabytes // 2)}MB",
        "work_mem": f"{max(4, min(16, megabytes // 256))}MB",
        "maintenance_work_mem": f"{max(16, min(128, megabytes // 16))}MB",
    }


def memory_bytes(cgroup_limit: Path = CGROUP_LIMIT) -> int:
    """Return the machine's memory, or the container's where that is less."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = cgroup_limit.read_text(encoding="ascii").strip()
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical


def _write(area: Area, name: str, text: str) -> None:
    unfinished = area.folder / f"{name}.new"
    unfinished.unlink(missing_ok=True)
    opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(opened, "wb") as file:  # noqa: PTH123 -- a descriptor, not a path
        file.write(os.fsencode(text))
        if area.user.is_dedicated:
            os.fchown(opened, -1, area.user.gid)
            os.fchmod(opened, 0o640)
    unfinished.rename(area.folder / name)
