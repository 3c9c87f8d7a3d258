"""The real command in a home of its own, whose server stays up while a module's tests use it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from timebank.postgres import EmbeddedServer

COMMAND = Path(sys.executable).with_name("timebank")
LIMIT_SECONDS = 120
QUICK = {"fsync": "off", "synchronous_commit": "off", "shared_buffers": "32MB"}


@dataclass(frozen=True)
class Office:
    """Somebody at a desk: a folder to work in, and what the shell has set."""

    home: Path
    desk: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """What the command sees; nothing of the machine's own settings."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TIMEBANK_HOME": str(self.home),
            **self.environment,
        }

    def start(self, *words: object, **settings: str) -> "subprocess.Popen[str]":
        """Start the command."""
        return subprocess.Popen(
            [str(COMMAND), *map(str, words)],
            cwd=self.desk,
            env=self.variables | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *words: object, **settings: str) -> "Said":
        """Run the command to its end; a traceback is never an answer."""
        with self.start(*words, **settings) as process:
            out, err = process.communicate(timeout=LIMIT_SECONDS)
        assert "Traceback" not in err, err
        return Said(process.returncode, out, err)


@dataclass(frozen=True)
class Said:
    """How a command ended and what it printed."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output read as JSON."""
        assert self.exit_code in {0, 1}, self
        return json.loads(self.out)

    def assert_refused(self, code: str, exit_code: int = 2) -> None:
        """Assert that it was refused by this code, in Chinese and English, with nothing on standard output."""
        assert self.exit_code == exit_code, self
        assert self.err.rstrip().endswith(f"[{code}]"), self
        assert " / " in self.err
        assert any("\u4e00" <= letter <= "\u9fff" for letter in self.err)
        assert self.out == ""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder with a short path that the server's own user may pass through."""
    made = Path(tempfile.mkdtemp(prefix="tb", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def office(folder: Path) -> Iterator[Office]:
    """Return an office whose server is up."""
    desk = folder / "desk"
    desk.mkdir()
    with EmbeddedServer(folder / "home", settings=QUICK):
        yield Office(folder / "home", desk)
