"""The locks of an embedded server, stopping it, and the watcher that stops it once nobody uses it any more.

Also run as a script (`python -I -S watch.py FOLDER LOCK_FD`), so it imports nothing but the standard library.

Four files in the server's folder are locked with flock, which the kernel gives back however a process ends:

- `gate.lock`, exclusive: starting and stopping, one at a time;
- `users.lock`, shared: held by each process that uses the server, for as long as it does;
- `server.lock`, exclusive: taken before the server starts and inherited by it and all its processes, so it
  is free exactly when the last of them is gone; holds the number of the first;
- `watch.lock`, exclusive: the same for the watcher, of which there is never more than one.

Order: gate before users. The watcher alone waits for users without the gate, and lets go of them before it
queues at the gate.
"""

import fcntl
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

GATE = "gate.lock"
USERS = "users.lock"
SERVER = "server.lock"
WATCHER = "watch.lock"
SOCKET_RECORD = "socket.path"
"""Names where the socket is, as it is not in the folder itself when that one's path is too long."""

POLL_SECONDS = 0.005
SIGNAL_AGAIN_SECONDS = 1.0
# Fast shutdown with its checkpoint; immediate shutdown, repaired at the next start; and the end.
STOP_STEPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))


def open_lock(path: Path) -> int:
    """Open (and make) a lock file, readable and writable for its owner only; closed on exec."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def is_held(path: Path) -> bool:
    """Whether some process holds the exclusive lock on this file; a missing file is held by nobody."""
    try:
        probe = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(probe)
    return False


def is_unused(folder: Path) -> bool:
    """Whether no process uses the server; the caller holds the gate and no share of the users' lock."""
    probe = open_lock(folder / USERS)
    try:
        for _ in range(2):
            try:
                fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # The watcher has it for an instant when the last user lets go: wait that out and look again.
                fcntl.flock(probe, fcntl.LOCK_SH)
            else:
                return True
        return False
    finally:
        os.close(probe)


def pid_in(path: Path) -> int | None:
    """The process number written in a lock file, or None while there is none."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    return int(text) if text else None


def stop_holder(path: Path, steps: tuple[tuple[int, float], ...]) -> bool:
    """Signal the process named in a held lock file until the lock is free; a step is a signal and seconds.

    The number is read and signalled again and again: a process that has just been started may not have
    written the one and may lose the other.
    """
    for number, limit_seconds in steps:
        deadline = time.monotonic() + limit_seconds
        signal_at = 0.0
        while is_held(path):
            pid = pid_in(path)
            if pid is not None and time.monotonic() >= signal_at:
                signal_at = time.monotonic() + SIGNAL_AGAIN_SECONDS
                # Killed, while its children still hold the lock and are about to notice.
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        else:
            return True
    return False


def stop_server(folder: Path) -> bool:
    """Stop the server of this folder, if it runs, and say whether it is down; the caller holds the gate."""
    is_down = stop_holder(folder / SERVER, STOP_STEPS)
    record = folder / SOCKET_RECORD
    if is_down and record.exists():
        socket_folder = Path(os.fsdecode(record.read_bytes()))
        if socket_folder.parent != folder:
            with suppress(OSError):  # not empty after a crash, or gone: the next start uses or makes one
                socket_folder.rmdir()
    return is_down


def watch(folder: Path, lock: int) -> None:
    """Wait until no process uses the server, then stop it; `lock` is the watcher's own."""
    users = open_lock(folder / USERS)
    gate = open_lock(folder / GATE)
    while True:
        fcntl.flock(users, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_UN)
        fcntl.flock(gate, fcntl.LOCK_EX)
        if is_unused(folder):
            stop_server(folder)
            os.close(lock)
            return
        fcntl.flock(gate, fcntl.LOCK_UN)


def main(arguments: list[str]) -> int:
    """Write the own process number into the lock that the starter handed over, and watch."""
    folder, lock = Path(arguments[0]), int(arguments[1])
    folder.joinpath(WATCHER).write_text(str(os.getpid()), encoding="ascii")
    watch(folder, lock)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
