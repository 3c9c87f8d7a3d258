"""Keeping programs running: what dies is started again, what never lives is given up, what will not end is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from timebank import supervisor
from timebank.supervisor import Program, Supervisor


def program(code: str) -> Program:
    return Program("p", [sys.executable, "-c", code], {})


def test_what_dies_at_once_again_and_again_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PAUSES_SECONDS", (0.0, 0.01, 0.01))
    # Dead at once, however late a machine that was held up notices it.
    monkeypatch.setattr(supervisor, "YOUNG_SECONDS", 600.0)
    died: list[int] = []
    mark = tmp_path / "starts"
    keeper = Supervisor(
        [program(f"open({str(mark)!r}, 'a').write('x')"), program("import time; time.sleep(1000)")],
        on_death=died.append,
        on_tick=lambda: None,
    )
    before = signal.getsignal(signal.SIGTERM)
    assert keeper.run(lambda: None) is False
    assert mark.read_text(encoding="ascii") == "xxx"
    assert len(died) == len(set(died)) == 4  # the other was ended with it
    assert signal.getsignal(signal.SIGTERM) == before
    for pid in died:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_second_signal_does_not_wait_for_the_stubborn(tmp_path: Path) -> None:
    mark = tmp_path / "ready"
    stubborn = program(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"open({str(mark)!r}, 'w').close(); time.sleep(1000)"
    )
    ticks: list[float] = []
    keeper = Supervisor([stubborn], on_death=lambda _: None, on_tick=lambda: ticks.append(time.monotonic()))

    def signal_twice() -> None:
        while not mark.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    sender = threading.Thread(target=signal_twice)
    sender.start()
    begun = time.monotonic()
    assert keeper.run(lambda: None) is True
    assert time.monotonic() - begun < 30
    sender.join()


def test_a_program_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "child"
    child = (
        "import os, signal, time; from timebank.supervisor import end_with_parent; end_with_parent();"
        f"open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(1000)"
    )
    parent = (
        "import sys; from timebank.supervisor import Program, Supervisor;"
        f"Supervisor([Program('p', [sys.executable, '-c', {child!r}], {{}})],"
        " on_death=print, on_tick=print).run(print)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.DEVNULL) as process:
        while not mark.exists() or not mark.read_text(encoding="ascii"):
            time.sleep(0.02)
        pid = int(mark.read_text(encoding="ascii"))
        os.kill(pid, 0)
        process.kill()

    def lives() -> bool:
        try:
            return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            return False

    deadline = time.monotonic() + 60
    while lives():
        assert time.monotonic() < deadline
        time.sleep(0.02)
