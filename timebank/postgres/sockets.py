"""The folder of the server's socket: closed to everybody else, and found again by those who connect."""

import os
import socket
import stat
import struct
import tempfile
from pathlib import Path

from timebank.postgres.area import Area, first_closed_folder
from timebank.postgres.configuration import PORT

PATH_LIMIT_BYTES = 103  # macOS; Linux has 107
CLOSED = 0o700
TLS_QUESTION = struct.pack("!II", 8, 80877103)  # SSLRequest of the PostgreSQL protocol
ANSWER_LIMIT_SECONDS = 5.0
TEMPORARY_PREFIX = "timebank-"


def make_socket_folder(area: Area) -> Path:
    """Make and record a folder of mode 700 for the socket, a temporary one where the home cannot have it."""
    folder = area.folder / "socket"
    if _is_fit(folder):
        folder.mkdir(mode=CLOSED, exist_ok=True)
    else:
        folder = _recorded_temporary_folder(area) or _make_temporary_folder(area)
    if area.user.is_dedicated:
        os.chown(folder, area.user.uid, area.user.gid, follow_symlinks=False)
    folder.chmod(CLOSED)
    area.socket_record.write_bytes(os.fsencode(folder))
    return folder


def is_listening(area: Area) -> bool:
    """Whether a server answers: a pid file may be a killed one's, and a dying one's queue still fills.

    The question is whether it speaks TLS, the one that it answers to anybody and without a line in its log.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ANSWER_LIMIT_SECONDS)
        try:
            probe.connect(os.fsencode(socket_folder(area) / socket_name()))
            probe.sendall(TLS_QUESTION)
            return probe.recv(1) in {b"N", b"S"}
        except (FileNotFoundError, ConnectionError, TimeoutError, BlockingIOError):
            return False


def socket_folder(area: Area) -> Path:
    """Return the recorded folder; there is one once a server has been started."""
    return Path(os.fsdecode(area.socket_record.read_bytes()))


def socket_name() -> str:
    """Return the name that PostgreSQL and its drivers give a socket."""
    return f".s.PGSQL.{PORT}"


def _is_fit(folder: Path) -> bool:
    """Whether a socket's path may be so long; and a comma parts hosts for the drivers."""
    return len(os.fsencode(folder / socket_name())) <= PATH_LIMIT_BYTES and "," not in str(folder)


def _make_temporary_folder(area: Area) -> Path:
    # A random name, as anybody may take a foreseeable one in a shared folder; other processes find it by
    # the record.
    folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
    is_closed = area.user.is_dedicated and first_closed_folder(folder, area.user) is not None
    if is_closed or not _is_fit(folder):  # TMPDIR names a private or a deep folder
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir="/tmp"))
    return folder


def _recorded_temporary_folder(area: Area) -> Path | None:
    if not area.socket_record.exists():
        return None
    folder = socket_folder(area)
    if not os.path.lexists(folder):
        return None
    found = folder.lstat()
    is_ours = (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == area.user.uid
        and stat.S_IMODE(found.st_mode) == CLOSED
    )
    return folder if is_ours else None
