"""A bank with people who hold lots, a policy, and the jobs that look at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from ledger.audit import audit
from ledger.balances import wallet
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place, Posted
from tests.conftest import SPRING
from timebank.database import Bank, Database
from timebank.jobs.running import run_now
from timebank.notifications.queries import notifications_of
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack

FIRST_DAY = date(2021, 1, 1)


@dataclass(frozen=True, slots=True)
class Scene:
    """The bank, and what its tests do again and again."""

    database: Database
    bank: Bank

    async def adopt(self, *versions: tuple[date, PolicyPack]) -> None:
        """Adopt packs, each from a day on."""
        for since, pack in versions:
            await self.database.write(
                self.bank,
                lambda tx, since=since, pack=pack: adopt(tx, pack, effective_from=since, actor="test"),  # type: ignore[misc]  # a lambda with a default has no type
            )

    async def person(self) -> UUID:
        """Enter somebody."""
        who = uuid4()
        await self.execute("insert into people (bank_id, id) values ($1, $2)", who)
        return who

    async def execute(self, statement: str, *arguments: object) -> None:
        """Execute a statement whose `$1` is the bank."""

        async def work(tx: WriteTx) -> None:
            await tx.connection.execute(statement, tx.bank_id, *arguments)

        await self.database.write(self.bank, work)

    async def give(self, owner: UUID, expires_on: date, amount: int, unit: str = "point") -> None:
        """Issue something that ends on a day."""
        move = Move(Place(ISSUANCE), Place(WALLET, owner, expires_on), unit, amount)
        draft = Draft("award", f"award-{uuid4()}", SPRING, "test", (move,))
        (outcome,) = await self.database.write(self.bank, lambda tx: post(tx, [draft]))
        assert isinstance(outcome, Posted), outcome

    async def lots(self, owner: UUID, unit: str = "point") -> Mapping[date | None, int]:
        """Return what somebody has, by last day."""
        found = await self.database.read(self.bank, lambda tx: wallet(tx, owner, unit))
        return {lot.expires_on: lot.balance for lot in found}

    async def expire(self, as_of: date) -> dict[str, object]:
        """Run the job of a day early that day."""
        return await run_now(self.database, self.bank, "expire", as_of=as_of, now=morning(as_of))

    async def warn(self, as_of: date, *, today: date | None = None) -> int:
        """Run the job of a day on that day or a later one, and return how many were warned."""
        now = morning(today or as_of)
        result = await run_now(self.database, self.bank, "warn_expiry", as_of=as_of, now=now)
        warned = result["warned"]
        assert isinstance(warned, int)
        return warned

    async def told(self, who: UUID) -> list[Mapping[str, object]]:
        """Return what somebody was told, the first first."""
        found = await self.database.read(
            self.bank, lambda tx: notifications_of(tx, who, before_id=2**60, limit=99)
        )
        assert {each.kind for each in found} <= {"expiring"}
        return [each.params for each in reversed(found)]

    async def assert_sound(self) -> None:
        """Assert that an audit finds nothing."""
        assert await self.database.read(self.bank, lambda tx: audit(tx, verifier=None, anchors=())) == []


def morning(day: date) -> datetime:
    """Return nine o'clock in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=1)
