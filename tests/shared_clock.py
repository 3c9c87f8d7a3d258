"""A clock that several processes go by: one sets it, all read it from a file they map."""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

_MICROSECONDS = struct.Struct("<q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SharedClock:
    """What time it is for everybody who opened the same file; it stands still until it is set."""

    def __init__(self, path: Path) -> None:
        """Open the clock, or make one."""
        if not path.exists():
            path.write_bytes(bytes(_MICROSECONDS.size))
        with path.open("r+b") as file:
            self._shown = mmap.mmap(file.fileno(), _MICROSECONDS.size)

    def __call__(self) -> datetime:
        """Return the time."""
        (microseconds,) = _MICROSECONDS.unpack(self._shown[:])
        return _EPOCH + timedelta(microseconds=microseconds)

    def set(self, at: datetime) -> None:
        """Let it be that time everywhere."""
        self._shown[:] = _MICROSECONDS.pack((at - _EPOCH) // timedelta(microseconds=1))

    def pass_(self, **by: float) -> None:
        """Let time pass."""
        self.set(self() + timedelta(**by))
