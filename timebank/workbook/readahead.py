"""Reading a workbook while something else starts: the server takes its second meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from timebank.workbook.district import District
from timebank.workbook.importing import WorkbookFile
from timebank.workbook.reader import Workbook


class ReadAhead:
    """A file that is being read from now on, with the zone that the bank most likely has."""

    def __init__(self, path: Path, likely: ZoneInfo) -> None:
        self._file = WorkbookFile(path)
        self._likely = likely
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._reading = self._thread.submit(self._file.read, likely)

    def __enter__(self) -> Self:
        """Return the source."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the reading to end."""
        self._thread.shutdown()

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return self._file.path

    def read(self, zone: ZoneInfo) -> tuple[Workbook, District]:
        """Return the workbook; for a bank of another zone it is read again.

        Raises:
            WorkbookRefused: the file as a whole is refused.
        """
        return self._reading.result() if zone.key == self._likely.key else self._file.read(zone)
