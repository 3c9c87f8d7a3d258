"""Keeping programs running: each is started again when it dies, and all are asked to end together.

The parent does nothing else, so that it does not die of what the programs do. They notice its own death, kill -9
included, by the end of a pipe, and end by themselves.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

import structlog

LISTEN_FD = "TIMEBANK_LISTEN_FD"
PARENT_FD = "TIMEBANK_PARENT_FD"

POLL_SECONDS = 0.1
TICK_SECONDS = 2.0
GRACE_SECONDS = 45.0
"""A little more than a serving process takes at most to finish its requests."""
YOUNG_SECONDS = 10.0
PAUSES_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Before one that died young is started again; after the last it is given up."""

log = structlog.get_logger("timebank.supervisor")


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: a name for the log, the command, what it sees besides our environment, and what it inherits."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    descriptors: tuple[int, ...] = ()


@dataclass(slots=True)
class _Place:
    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    next_start_at: float = 0.0
    young_deaths: int = 0


class Supervisor:
    """Runs programs until asked to stop.

    `on_death` hears the number of each process that ended; `on_tick` is called every few seconds meanwhile.
    """

    def __init__(
        self, programs: Sequence[Program], *, on_death: Callable[[int], None], on_tick: Callable[[], None]
    ) -> None:
        self._places = [_Place(program) for program in programs]
        self._on_death = on_death
        self._on_tick = on_tick
        self._stops = 0

    def run(self, announce: Callable[[], None]) -> bool:
        """Run until SIGTERM or SIGINT, and return True; False if a program could not be kept running.

        `announce` is called as soon as a signal is heeded. A second signal does not wait for the programs.
        """
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        alive, held = os.pipe()
        try:
            announce()
            ticked_at = time.monotonic()
            while not self._stops:
                for place in self._places:
                    if not self._keep(place, alive):
                        return False
                if time.monotonic() - ticked_at > TICK_SECONDS:
                    self._on_tick()
                    ticked_at = time.monotonic()
                time.sleep(POLL_SECONDS)
            return True
        finally:
            self._end_all()
            os.close(alive)
            os.close(held)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stops += 1

    def _keep(self, place: _Place, alive: int) -> bool:
        """Start the program if it does not run; False when it is given up."""
        now = time.monotonic()
        if place.process is not None:
            status = place.process.poll()
            if status is None:
                return True
            self._note_death(place, status, now)
        if place.young_deaths >= len(PAUSES_SECONDS):
            return False
        if now >= place.next_start_at:
            self._start(place, alive)
        return True

    def _note_death(self, place: _Place, status: int, now: float) -> None:
        process = place.process
        assert process is not None  # noqa: S101 -- the caller has seen it end
        place.process = None
        self._on_death(process.pid)
        place.young_deaths = place.young_deaths + 1 if now - place.started_at < YOUNG_SECONDS else 0
        pause = PAUSES_SECONDS[max(0, min(place.young_deaths, len(PAUSES_SECONDS)) - 1)]
        place.next_start_at = now + pause
        log.warning("program_died", program=place.program.name, pid=process.pid, status=status)

    def _start(self, place: _Place, alive: int) -> None:
        program = place.program
        place.started_at = time.monotonic()
        place.process = subprocess.Popen(  # noqa: S603 -- our own programs, without a shell
            list(program.command),
            env={**os.environ, **program.environment, PARENT_FD: str(alive)},
            pass_fds=(alive, *program.descriptors),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for the parent, which asks them one by one
        )
        log.info("program_started", program=program.name, pid=place.process.pid)

    def _end_all(self) -> None:
        running = [place.process for place in self._places if place.process is not None]
        for process in running:
            process.terminate()
        stops, deadline = min(self._stops, 1), time.monotonic() + GRACE_SECONDS
        while any(process.poll() is None for process in running):
            if self._stops > stops or time.monotonic() > deadline:
                for process in running:
                    process.kill()
            time.sleep(POLL_SECONDS / 2)
        for process in running:
            self._on_death(process.pid)


def end_with_parent() -> None:
    """Ask this process to end when the supervisor that started it is gone; without one, do nothing."""
    descriptor = os.environ.pop(PARENT_FD, None)
    if descriptor is not None:
        threading.Thread(target=_wait_for_end, args=(int(descriptor),), daemon=True).start()


def _wait_for_end(descriptor: int) -> None:
    with suppress(OSError):
        os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
