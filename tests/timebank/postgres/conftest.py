"""Homes in short and reachable folders, and other processes that use a server."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from timebank.postgres import EmbeddedServer

REPOSITORY = Path(__file__).parents[3]
PACKAGES = [path for path in sys.path if path.endswith("site-packages")]
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *PACKAGES])}
QUICK = {"fsync": "off", "shared_buffers": "16MB"}
LIMIT_SECONDS = 60

USE = """
import sys
from pathlib import Path
from timebank.postgres import EmbeddedServer, EmbeddedServerError
try:
    with EmbeddedServer(Path(sys.argv[1]), settings={"fsync": "off", "shared_buffers": "16MB"}) as server:
        print("up", server.socket_dir, flush=True)
        sys.stdin.readline()
except EmbeddedServerError as error:
    print(error.code, flush=True)
print("down", flush=True)
"""


@dataclass(frozen=True)
class Stranger:
    """Another user of the machine, and a Python that this user can run."""

    uid: int
    interpreter: str

    def run(self, program: str, *arguments: str) -> str:
        """What a Python program run by this user prints."""
        run = subprocess.run(
            [self.interpreter, "-c", program, *arguments],
            user=self.uid,
            group=self.uid,
            extra_groups=[],
            cwd="/",
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout.strip()


class Use:
    """Another process that uses the server of a home until it is told to leave or killed."""

    def __init__(self, home: Path, stranger: "Stranger | None" = None) -> None:
        uid = None if stranger is None else stranger.uid
        interpreter = sys.executable if stranger is None else stranger.interpreter
        self.process = subprocess.Popen(
            [interpreter, "-W", "error", "-c", USE, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env=ENVIRONMENT,
            text=True,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )

    def answer(self) -> str:
        """The next line: `up FOLDER`, `down`, or the code of an error."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        """Let it leave in good order and wait for its end."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.answer() == "down"
        assert self.process.wait(LIMIT_SECONDS) == 0
        self.close()

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait(LIMIT_SECONDS)
        self.close()

    def close(self) -> None:
        """Close the pipes."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def processes_of(home: Path) -> list[str]:
    """The command lines of all living processes that name this home: server, watcher and users."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(home) in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(line)
    return found


def servers_of(home: Path) -> int:
    """How many servers serve this home; a child that has not named itself yet wears its parent's command line."""
    servers = {}
    for process in psutil.process_iter(["cmdline", "status", "ppid"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(home) in line and "postgres -D" in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            servers[process.pid] = process.info["ppid"]
    return sum(parent not in servers for parent in servers.values())


def wait_until(is_so: Callable[[], bool]) -> bool:
    """Whether it comes to be so within a few seconds."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path that every user may pass through, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="tb", dir="/tmp"))
    made.chmod(0o755)
    yield made
    assert wait_until(lambda: not processes_of(made))
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def shared_home() -> Iterator[Path]:
    """A home whose cluster is made once; whoever uses it leaves it down."""
    made = Path(tempfile.mkdtemp(prefix="tb", dir="/tmp"))
    made.chmod(0o755)
    with EmbeddedServer(made / "home", settings=QUICK):
        pass
    yield made / "home"
    shutil.rmtree(made)


@pytest.fixture
def home(shared_home: Path) -> Iterator[Path]:
    """The shared home, down before and after."""
    assert not processes_of(shared_home)
    yield shared_home
    assert wait_until(lambda: not processes_of(shared_home))


@pytest.fixture
def stranger() -> Stranger:
    """An ordinary user with an account, for tests run as root: whoever runs the server is somebody else."""
    if os.geteuid() != 0:
        pytest.skip("only root may become another user")
    uid = pwd.getpwnam("nobody").pw_uid
    for interpreter in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        found = Stranger(uid, interpreter)
        with suppress(OSError, subprocess.CalledProcessError):
            found.run("import asyncpg")
            return found
    pytest.skip("nobody else may run a Python of this version")
