"""A bank in which points and hours are turned into fufen, and its cast."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar
from uuid import uuid4

from ledger.audit import audit
from ledger.balances import trial_balance, wallet
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from tests.api.books import book, credit
from tests.api.cast import Cast
from tests.timebank.policy.test_rules import body
from timebank.conversions.actions import Converted, convert
from timebank.conversions.queries import Possible, possible_conversions
from timebank.database import Database
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack, parse_pack

T = TypeVar("T")

NOW = datetime(2026, 5, 9, 4, 0, tzinfo=UTC)
JUNE = date(2026, 6, 1)
POINTS = {"from_unit": "point", "to_unit": "fufen", "from_amount": 10, "to_amount": 3}
HOURS = {"from_unit": "minute", "to_unit": "fufen", "from_amount": 60, "to_amount": 2}


def pack_of(*conversions: Mapping[str, object]) -> PolicyPack:
    """Return the default pack with conversions, and the exchange that those of points need."""
    pairs = [["point", "class:goods"], ["point", "fufen"]]
    return parse_pack(json.dumps({**body(), "exchanges": pairs, "conversions": conversions}))


@dataclass(slots=True)
class Counter:
    """What happens in the bank."""

    database: Database
    cast: Cast

    async def adopt(self, pack: PolicyPack, since: date) -> None:
        """Adopt another version."""
        await self.database.write(
            self.cast.bank, lambda tx: adopt(tx, pack, effective_from=since, actor="test")
        )

    async def convert(
        self,
        from_unit: str,
        amount: int,
        *,
        name: str = "alice",
        key: str = "",
        at: datetime = NOW,
    ) -> Converted | Refused:
        """Turn an amount into fufen."""

        async def work(tx: WriteTx) -> Converted | Refused:
            return await convert(
                tx,
                person_id=self.cast.people[name],
                from_unit=from_unit,
                to_unit="fufen",
                amount=amount,
                key=key or uuid4().hex,
                by="test",
                now=at,
            )

        return await self.database.write(self.cast.bank, work)

    async def possible(self, *, name: str = "alice", at: datetime = NOW) -> dict[str, Possible]:
        """Return what somebody could convert, by the unit they give."""
        found = await self.read(lambda tx: possible_conversions(tx, self.cast.people[name], now=at))
        return {one.from_unit: one for one in found}

    async def lots(self, unit: str, *, name: str = "alice") -> list[tuple[date | None, int]]:
        """Return what somebody has."""
        found = await self.read(lambda tx: wallet(tx, self.cast.people[name], unit))
        return [(lot.expires_on, lot.balance) for lot in found]

    async def totals(self, unit: str) -> dict[str, int]:
        """Return the trial balance of a unit; the books are whole."""
        assert await self.read(audit) == []
        return (await self.read(trial_balance)).get(unit, {})

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Read something of the bank."""
        return await self.database.read(self.cast.bank, work)


async def open_counter(database: Database, cast: Cast) -> Counter:
    """Return the bank, and Alice with 300 minutes and 100 points."""
    counter = Counter(database, cast)
    await counter.adopt(pack_of({**POINTS, "member_month_amount": 50}, HOURS), date(2021, 1, 1))
    await book(database, cast, credit("c1", cast.people["alice"], minutes=300, points=100))
    return counter
