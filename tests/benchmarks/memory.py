"""Peak memory of a process, as the kernel counts it (Linux)."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.01
OWN = Path("/proc/self")
RESET_PEAK = "5"


def reset_own_peak() -> None:
    """Let the peak of this process begin anew."""
    (OWN / "clear_refs").write_text(RESET_PEAK, encoding="ascii")


def own_peak_megabytes() -> float:
    """Return the peak of this process since it was reset."""
    return _peak_megabytes(OWN)


@dataclass(frozen=True, slots=True)
class Run:
    """What a program took, and what it printed; the peak is of the process itself, not of its children."""

    seconds: float
    peak_megabytes: float
    printed: str


def run_program(command: Sequence[str], environment: Mapping[str, str], output: Path) -> Run:
    """Run a program to its end, printing to the file `output`.

    Raises:
        CalledProcessError: it failed.
    """
    peak = 0.0
    with output.open("w+", encoding="utf-8") as printed:
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=dict(environment), stdout=printed)
        while process.poll() is None:
            peak = max(peak, _peak_megabytes(Path(f"/proc/{process.pid}")))
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - begun
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, list(command))
        printed.seek(0)
        return Run(seconds, peak, printed.read())


def _peak_megabytes(process: Path) -> float:
    """Return the peak; a process that has just ended has none any more."""
    for line in (process / "status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
