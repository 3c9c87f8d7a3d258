"""What a station shows: the code of now and those of the next minutes, for a screen whose line is bad."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger.session import ReadTx
from timebank.codes.rules import (
    STATION_WINDOW_SECONDS,
    CodeKeys,
    station_code,
    window_of,
    window_starts_at,
)
from timebank.stations.queries import open_until

FOLLOWING: Final = 8
"""Two minutes. Not more: whoever reads them off could send them to somebody who is not there."""


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code and when it is shown; it is taken a window longer."""

    text: str
    valid_from: datetime
    expires_at: datetime


async def shown_codes(
    tx: ReadTx, keys: CodeKeys, *, station_id: int, session_id: int, now: datetime
) -> list[ShownCode]:
    """Return the code of now and up to eight that follow, none beginning when the session is over.

    Raises:
        RefusalError: as `open_until`.
    """
    until = await open_until(tx, station_id, session_id=session_id, now=now)
    window = window_of(now, STATION_WINDOW_SECONDS)
    starts = [window_starts_at(window + later, STATION_WINDOW_SECONDS) for later in range(FOLLOWING + 1)]
    return [
        ShownCode(
            station_code(keys, bank_id=tx.bank_id, station_id=station_id, session_id=session_id, at=at),
            at,
            at + timedelta(seconds=STATION_WINDOW_SECONDS),
        )
        for at in starts
        if at < until
    ]
