"""The commands, gathered. `main` is what `.venv/bin/timebank` calls."""

import contextlib
import errno
import io
import logging
import os
import signal
import sys

import typer

from timebank.cli import (
    admin,
    books,
    certificates,
    imports,
    jobs,
    keys,
    messages,
    policy,
    proofs,
    recognition,
    serve,
    setup,
    tasks,
    verify,
)
from timebank.cli.frame import OUTAGE, REFUSED
from timebank.words import both

app = typer.Typer(
    name="timebank",
    help="时间银行：志愿服务时长与积分的复式账本。/ A volunteer time bank on a double-entry ledger.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (
    setup,
    imports,
    books,
    jobs,
    messages,
    policy,
    proofs,
    recognition,
    certificates,
    verify,
    keys,
    serve,
    tasks,
    admin,
):
    app.add_typer(commands.app)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO}


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that has no Chinese shows question marks
            stream.reconfigure(errors="replace")
    # The driver's pool tells the log what is said here as an outage.
    logging.getLogger("asyncpg").addHandler(logging.NullHandler())
    try:
        try:
            app()
        finally:
            # What is left is the end: Ctrl-C there ends it without a word.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has read enough
        _discard_output()
    except OSError as error:  # a file that was named, or where the output goes
        with contextlib.suppress(OSError):
            _discard_output()
            code = "output_failed" if error.errno in _FULL else "file_not_usable"
            reason, path = error.strerror or type(error).__name__, error.filename or ""
            sys.stderr.write(f"{both(code, path=path, reason=reason)} [{code}]\n")
        sys.exit(OUTAGE if error.errno in _FULL else REFUSED)


def _discard_output() -> None:
    """Send what is left nowhere: it would be written again, and fail again, when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
