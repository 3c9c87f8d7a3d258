"""Starting the server process and its watcher, both in sessions of their own, and reaping them.

They are children of the process that starts them and outlive it where others use the server.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from timebank.postgres import launch, watch
from timebank.postgres.area import Area
from timebank.postgres.errors import EmbeddedServerError

LOG_LIMIT_BYTES = 10 * 2**20
TAIL_BYTES = 4096

_children: dict[Path, set[int]] = {}


def start_watcher(area: Area) -> None:
    """Start the watcher unless one watches; it inherits its lock, so at no moment does it run without."""
    lock = watch.open_lock(area.watcher)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        os.truncate(area.watcher, 0)
        _spawn(area, watch.__file__, [str(area.folder), str(lock)], (lock,), output=subprocess.DEVNULL)
    finally:
        os.close(lock)


def start_server(area: Area, command: list[str], descriptors: tuple[int, ...]) -> None:
    """Start the server process and return when its program runs; nobody may hold the server's lock.

    Raises:
        EmbeddedServerError: server_did_not_start.
    """
    reap(area, is_down=False)
    os.close(watch.open_lock(area.server))
    # Read-only: the server must not write another process's number, which root would then signal.
    lock = os.open(area.server, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    log = _open_log(area)
    reading, report = os.pipe()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove_stale_pid_file(area)
        os.truncate(area.server, 0)
        user = (area.user.uid, area.user.gid) if area.user.is_dedicated else (-1, -1)
        arguments = [str(area.server), *map(str, (report, *user)), *command]
        _spawn(area, launch.__file__, arguments, (lock, report, *descriptors), output=log)
    finally:
        for opened in (lock, log, report):
            os.close(opened)
    with open(reading, "rb") as reports:  # noqa: PTH123 -- a descriptor, not a path
        failure = reports.read()
    if failure:
        raise EmbeddedServerError("server_did_not_start", reason=os.strerror(int(failure)), log=str(area.log))


def reap(area: Area, *, is_down: bool) -> None:
    """Take note of the ends of the processes that this one started; wait for them if all is down."""
    children = _children.get(area.folder, set())
    for pid in tuple(children):
        try:
            ended, _ = os.waitpid(pid, 0 if is_down else os.WNOHANG)
        except ChildProcessError:  # the parent's, in a forked child
            ended = pid
        if ended:
            children.discard(pid)


def last_line(log: Path) -> str:
    """Return the last line of the log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no log"


def _remove_stale_pid_file(area: Area) -> None:
    """Remove what a killed server left: PostgreSQL does not start if a process has the number in it.

    That may be the killed server's own, as long as its parent has not reaped it, or after a reboot anybody's.
    Another server that uses the cluster without our locks is left to PostgreSQL to refuse.
    """
    path = area.cluster / "postmaster.pid"
    try:
        pid = int(path.read_text(errors="replace").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if pid == watch.pid_in(area.server) or _program_of(pid) not in {"postgres", None}:
        path.unlink()


def _program_of(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return None


def _open_log(area: Area) -> int:
    if area.log.exists() and area.log.stat().st_size > LOG_LIMIT_BYTES:
        area.log.replace(area.log.with_suffix(".log.1"))
    return os.open(area.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _spawn(
    area: Area, script: str, arguments: list[str], descriptors: tuple[int, ...], *, output: int
) -> None:
    process = subprocess.Popen(  # noqa: S603 -- our own script, without a shell
        [sys.executable, "-I", "-S", script, *arguments],
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd="/",
        start_new_session=True,  # Ctrl-C in the terminal ends neither server nor watcher
    )
    _children.setdefault(area.folder, set()).add(process.pid)
    process.returncode = 0  # reaped by number; else Popen warns that its child lives on, as it is meant to
