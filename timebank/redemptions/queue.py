"""Group commit of redemptions: what tills confirm at once is one transaction, with an answer to each of them."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final
from uuid import UUID

from ledger.grouping import GroupCommit
from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.redemptions.confirming import confirm_redemptions
from timebank.redemptions.requests import ConfirmAnswer, ConfirmRequest

KNOWN_TILLS: Final = 10_000


class RedemptionQueue(GroupCommit[ConfirmRequest, ConfirmAnswer]):
    """The redemptions of one bank in one process; those of one shop go one behind the other.

    They would wait for each other anyway, for the shelf and the number of the receipt. Which shop a login sells in is
    learnt from its first receipt; until then it has a place of its own.
    """

    def __init__(self, database: Database, bank: Bank, strong: frozenset[str]) -> None:
        self._shops: dict[UUID, int] = {}
        super().__init__(_commit(database, bank, strong), key=self._lane)

    async def submit(self, request: ConfirmRequest) -> ConfirmAnswer:
        """Return the answer to the request once it is committed."""
        answer = await super().submit(request)
        if answer.receipt is not None:
            if len(self._shops) >= KNOWN_TILLS:
                self._shops.clear()
            self._shops[request.login_id] = answer.receipt.shop_id
        return answer

    def _lane(self, request: ConfirmRequest) -> int:
        return self._shops.get(request.login_id, request.login_id.int)


def _commit(
    database: Database, bank: Bank, strong: frozenset[str]
) -> Callable[[Sequence[ConfirmRequest]], Awaitable[list[ConfirmAnswer]]]:
    async def confirm(requests: Sequence[ConfirmRequest], tx: WriteTx) -> list[ConfirmAnswer | None]:
        return await confirm_redemptions(tx, requests, strong=strong)

    async def commit(requests: Sequence[ConfirmRequest]) -> list[ConfirmAnswer]:
        """Go on until all are answered: those of one member are in transactions one after another."""
        answers: dict[int, ConfirmAnswer] = {}
        while len(answers) < len(requests):
            open_ = [n for n in range(len(requests)) if n not in answers]
            found = await database.write(bank, partial(confirm, [requests[n] for n in open_]))
            answers |= {n: answer for n, answer in zip(open_, found, strict=True) if answer is not None}
        return [answers[n] for n in range(len(requests))]

    return commit
