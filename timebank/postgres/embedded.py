"""The embedded PostgreSQL server: up when the first process enters, down when the last one leaves or dies.

Lock doctrine: see `watch`. Everything here that starts, stops or looks is done under the gate. The watcher
is started before the server, so that at no moment a server runs that nobody would stop.
"""

import fcntl
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from timebank.postgres import watch
from timebank.postgres.area import Area, make_area, opened_for_server
from timebank.postgres.cluster import make_cluster
from timebank.postgres.configuration import PORT, SUPERUSER, write_configuration
from timebank.postgres.errors import EmbeddedServerError
from timebank.postgres.processes import last_line, reap, start_server, start_watcher
from timebank.postgres.programs import check_programs, runnable_bin, wheel_bin
from timebank.postgres.sockets import is_listening, make_socket_folder, socket_folder

START_LIMIT_SECONDS = 600  # recovery after a crash may have 4 GB of log to replay
WATCHER_STOP_STEPS = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
OFF = frozenset({"off", "false", "no", "0"})


class EmbeddedServer:
    """One use of the server of `home`: enter starts it if it is down, exit stops it if nobody else uses it.

    `version` is PostgreSQL's major version; `bin_dir` names other programs than the wheel's; `settings` go
    before ours where this use is the one that starts the server. Entering and leaving block: some 0.1 s,
    the first time 1 s.
    """

    def __init__(
        self,
        home: Path,
        *,
        version: int = 18,
        settings: Mapping[str, str] | None = None,
        bin_dir: Path | None = None,
    ) -> None:
        """Remember what to run; nothing is touched before entering.

        Raises:
            EmbeddedServerError: server_programs_missing.
        """
        self.home = home.absolute()
        self.version = version
        self.settings = dict(settings or {})
        self.bin_dir = wheel_bin(version) if bin_dir is None else check_programs(bin_dir, version)
        self.port = PORT
        self.superuser = SUPERUSER
        self._area: Area | None = None
        self._share = -1
        self._process = -1

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket, which drivers call the host; known while entered."""
        return socket_folder(self._entered())

    @property
    def log(self) -> Path:
        """The file that the server writes its log to; known while entered."""
        return self._entered().log

    def dsn(self, *, user: str = SUPERUSER, database: str = "postgres") -> str:
        """Return a URL for asyncpg, SQLAlchemy and libpq; it has no secret, as peers are known."""
        place = urlencode({"host": str(self.socket_dir), "port": self.port}, quote_via=quote)
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?{place}"

    def __enter__(self) -> Self:
        """Use the server, starting it where it is down.

        Raises:
            EmbeddedServerError: each code of `errors` but server_did_not_stop and platform_not_supported.
        """
        if self._area is not None:
            message = "already entered"
            raise RuntimeError(message)
        area = make_area(self.home, self.version)
        self._process = os.getpid()
        try:
            with closed_gate(area) as gate:
                self._share = watch.open_lock(area.users)
                try:
                    fcntl.flock(self._share, fcntl.LOCK_SH)
                    self._start_if_down(area, gate)
                except BaseException:
                    self._let_go(area)
                    raise
        except OSError as error:  # a full disk, a folder taken away
            folder = os.fsdecode(error.filename or area.folder)
            raise EmbeddedServerError(
                "home_not_writable", folder=folder, reason=error.strerror or str(error)
            ) from error
        self._area = area
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave; the last user returns when the server is down.

        Raises:
            EmbeddedServerError: server_did_not_stop.
        """
        area = self._entered()
        self._area = None
        if os.getpid() != self._process:  # a forked child, whose parent still uses the server
            os.close(self._share)
            return
        with closed_gate(area):
            is_well = self._let_go(area)
        if not is_well and kind is None:
            raise EmbeddedServerError("server_did_not_stop", folder=str(area.folder))

    def ensure_running(self) -> None:
        """Start the server again if it has died while this process uses it.

        Raises:
            EmbeddedServerError: as on entering.
        """
        area = self._entered()
        with closed_gate(area) as gate:
            self._start_if_down(area, gate)

    def _entered(self) -> Area:
        if self._area is None:
            message = "not entered"
            raise RuntimeError(message)
        return self._area

    def _let_go(self, area: Area) -> bool:
        """Give up the share and, as the last, stop everything; False when the server would not stop."""
        os.close(self._share)
        self._share = -1
        if not watch.is_unused(area.folder):
            return True
        is_down = watch.stop_server(area.folder)
        if watch.stop_holder(area.watcher, WATCHER_STOP_STEPS) and is_down:
            reap(area, is_down=True)
        return is_down

    def _start_if_down(self, area: Area, gate: int) -> None:
        if is_ready(area):
            start_watcher(area)
            return
        programs = runnable_bin(self.bin_dir, area.user)
        is_durable = self.settings.get("fsync", "on").lower() not in OFF
        make_cluster(area, programs, self.version, gate=gate, is_durable=is_durable)
        start_watcher(area)
        folder = make_socket_folder(area)
        with opened_for_server(area) as (root, descriptors):
            seen = f"{root}/{folder.name}" if folder.parent == area.folder else str(folder)
            arguments = write_configuration(area, root=root, socket_folder=seen, settings=self.settings)
            start_server(area, [str(programs / "postgres"), *arguments], descriptors)
        if not is_ready(area):
            raise EmbeddedServerError("server_did_not_start", reason=last_line(area.log), log=str(area.log))


@contextmanager
def closed_gate(area: Area) -> Iterator[int]:
    """Be the only one to start or stop this server; gives the gate's descriptor."""
    gate = watch.open_lock(area.gate)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield gate
    finally:
        os.close(gate)


def is_ready(area: Area) -> bool:
    """Wait until a server that runs accepts connections; False when none runs. The caller holds the gate.

    Raises:
        EmbeddedServerError: server_did_not_start, when it neither gets ready nor ends.
    """
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while watch.is_held(area.server):
        if _says_ready(area) and is_listening(area):
            return True
        if time.monotonic() > deadline:
            raise EmbeddedServerError("server_did_not_start", reason=last_line(area.log), log=str(area.log))
        time.sleep(watch.POLL_SECONDS)
    return False


def _says_ready(area: Area) -> bool:
    try:
        return "ready" in (area.cluster / "postmaster.pid").read_text(errors="replace")
    except FileNotFoundError:
        return False
