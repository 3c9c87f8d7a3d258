"""Script that becomes a server: `python -I -S launch.py PID_FILE REPORT_FD UID GID PROGRAM ARGUMENT…`.

Unless UID is -1, the process runs as that user and group alone. The errno of a failure is written to
REPORT_FD, which a successful start closes.
"""

import os
import signal
import sys


def become_server(pid_file: str, uid: int, gid: int, command: list[str]) -> None:
    """Write the own process number, drop to the user and become the program; returns only by OSError."""
    with open(pid_file, "w", encoding="ascii") as file:  # noqa: PTH123 -- pathlib would double the start time
        file.write(str(os.getpid()))
    if uid != -1:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)
    for changed_by_python in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(changed_by_python, signal.SIG_DFL)
    os.execve(command[0], command, {"LC_ALL": "C", "PATH": "/usr/bin:/bin"})  # noqa: S606 -- no shell is meant


def main(arguments: list[str]) -> int:
    """Become the program, or report why not."""
    pid_file, report, uid, gid, *command = arguments
    os.set_inheritable(int(report), False)  # noqa: FBT003 -- takes no names
    try:
        become_server(pid_file, int(uid), int(gid), command)
    except OSError as error:
        os.write(int(report), str(error.errno).encode("ascii"))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
