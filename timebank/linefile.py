"""A file of lines to which is only ever added, for programs that must remember without network.

Each line reaches the disk before whoever adds it goes on. A line that a power cut left half written was told to nobody,
and is cut off when the file is opened again.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self


class LineFile:
    """The file; one program at a time has it open."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            BlockingIOError: another program has it open.
        """
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # a file that was made just now is to be found after a power cut
        finally:
            os.close(folder)
        whole = path.read_bytes().rfind(b"\n") + 1
        os.ftruncate(self._file, whole)
        os.lseek(self._file, whole, os.SEEK_SET)

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        os.close(self._file)

    def lines(self) -> Iterator[str]:
        """Return every line, oldest first."""
        with self._path.open(encoding="utf-8") as lines:
            yield from lines

    def append(self, line: str) -> None:
        """Add a line and return once it is on the disk.

        Raises:
            OSError: the disk did not take it, and nothing of it is left.
        """
        end = os.lseek(self._file, 0, os.SEEK_CUR)
        try:
            rest = line.encode() + b"\n"
            while rest:  # a disk that is all but full takes a part, and only then refuses
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, end)
            os.lseek(self._file, end, os.SEEK_SET)
            raise
