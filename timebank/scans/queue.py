"""Group commit of scans: a rush of thousands is one transaction after another, with an answer to each caller."""

from collections.abc import Awaitable, Callable, Sequence

from ledger.grouping import GroupCommit
from timebank.codes.rules import CodeKeys
from timebank.database import Bank, Database
from timebank.scans.actions import record_scans
from timebank.scans.requests import ScanAnswer, ScanRequest


class ScanQueue(GroupCommit[ScanRequest, ScanAnswer]):
    """The scans of one bank in one process; those of one login go one behind the other."""

    def __init__(self, database: Database, bank: Bank, codes: CodeKeys) -> None:
        super().__init__(_commit(database, bank, codes), key=_lane)


def _commit(
    database: Database, bank: Bank, codes: CodeKeys
) -> Callable[[Sequence[ScanRequest]], Awaitable[list[ScanAnswer]]]:
    async def commit(requests: Sequence[ScanRequest]) -> list[ScanAnswer]:
        return await database.write(bank, lambda tx: record_scans(tx, requests, codes=codes))

    return commit


def _lane(request: ScanRequest) -> int:
    """Return a number of the member that the scan is about, as far as that is known before it is read."""
    about = request.login_id or request.person_id
    return about.int if about is not None else request.digest[0]
