"""Group commit of scans: a rush of thousands is one transaction after another, with an answer to each caller."""

from collections.abc import Awaitable, Callable, Sequence

from ledger.grouping import GroupCommit
from timebank.codes.rules import CodeKeys
from timebank.database import Bank, Database
from timebank.scans.actions import record_scans
from timebank.scans.requests import ScanAnswer, ScanRequest


class ScanQueue(GroupCommit[ScanRequest, ScanAnswer]):
    """The scans of one bank in one process, by one writer.

    A batch costs as much as a dozen scans, whatever is in it: with two writers there were twice as many, which took a
    tenth more of this process and half as much again of the database's, and answered nobody sooner.
    """

    def __init__(self, database: Database, bank: Bank, codes: CodeKeys) -> None:
        super().__init__(_commit(database, bank, codes), key=lambda _: 0, writers=1)


def _commit(
    database: Database, bank: Bank, codes: CodeKeys
) -> Callable[[Sequence[ScanRequest]], Awaitable[list[ScanAnswer]]]:
    async def commit(requests: Sequence[ScanRequest]) -> list[ScanAnswer]:
        return await database.write(bank, lambda tx: record_scans(tx, requests, codes=codes))

    return commit
