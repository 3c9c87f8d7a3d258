"""A bank with the cast, its year of service in the books, and lists made of it by somebody at a time.

Olga and Wen are of the district's office, Stella of apple's. Alice served six hours, Bob three, both with points.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from ledger.holds import reversal
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from tests.api.books import adopt_pack, book, credit
from tests.api.cast import Cast, enter
from tests.sealing import seal_everything
from tests.timebank.recognition.year import FROM, UNTIL, pack_with
from timebank.access import Actor, load_actor
from timebank.database import Bank, Database
from timebank.policy.actions import adopt
from timebank.recognition.computing import compute_round
from timebank.recognition.noticing import open_notice
from timebank.recognition.opening import Wanted, open_round
from timebank.recognition.queries import Round, round_of
from timebank.vault.actions import put_fields
from timebank.vault.cipher import Cipher

T = TypeVar("T")

CIPHER: Final = Cipher(b"r" * 32)
ZONE: Final = ZoneInfo("Asia/Shanghai")
NEW_YEAR: Final = datetime(2026, 1, 8, 9, tzinfo=ZONE)
"""A Thursday. The notice of two working days closes on Monday the 12th."""

OVER: Final = datetime(2026, 1, 13, 0, 1, tzinfo=ZONE)
SCHEME: Final[dict[str, object]] = {
    "code": "good",
    "label": {"zh": "年度嘉许", "en": "Recognition"},
    "step_hours": [3, 6],
    "notice_working_days": 2,
}
NAMES: Final = {"alice": "测小明", "bob": "测乙"}


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a list is made."""

    database: Database
    cast: Cast
    home: Path

    async def write(self, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        """Do something in a transaction."""
        return await self.database.write(self.cast.bank, work)

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Look at something."""
        return await self.database.read(self.cast.bank, work)

    async def do(self, who: str, work: Callable[[WriteTx, Actor], Awaitable[T]]) -> T:
        """Do something as one of the cast."""

        async def inner(tx: WriteTx) -> T:
            return await work(tx, await load_actor(tx, self.cast.sessions[who], now=datetime.now(UTC)))

        return await self.write(inner)

    async def grant(self, who: str, role: str, at: str) -> None:
        """Give somebody a role since the last year."""
        await self.write(
            lambda tx: tx.connection.execute(
                "insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)"
                " values ($1, $2, $3, $4, '2025-01-01', 'test')",
                tx.bank_id,
                self.cast.people[who],
                role,
                self.cast.organisations[at],
            )
        )

    async def credit(self, key: str, who: str, minutes: int, points: int = 20) -> int:
        """Book service of last spring."""
        (id_,) = await book(
            self.database, self.cast, credit(key, self.cast.people[who], minutes=minutes, points=points)
        )
        return id_

    async def take_back(self, transaction_id: int) -> None:
        """Reverse something today."""
        draft = reversal(
            f"void:{transaction_id}", transaction_id=transaction_id, effective_at=NEW_YEAR, actor="test"
        )
        await self.write(lambda tx: post(tx, [draft]))

    async def seal(self) -> None:
        """Seal what there is."""
        await seal_everything(self.database, self.cast.bank, self.home, now=NEW_YEAR)

    async def opened(self, who: str = "olga", *, at: str = "root", now: datetime = NEW_YEAR) -> Round:
        """Return a list in review, opened by somebody."""
        wanted = Wanted(self.cast.organisations[at], "good", FROM, UNTIL, "测试名单")
        await self.seal()
        round_id = await self.do(who, lambda tx, actor: open_round(tx, actor, wanted, now=now))
        return await compute_round(self.write, round_id)

    async def noticed(self, who: str = "olga", *, at: str = "root") -> Round:
        """Return a list on the notice board."""
        found = await self.opened(who, at=at)
        return await self.do(
            who, lambda tx, actor: open_notice(tx, actor, CIPHER, round_id=found.id, now=NEW_YEAR)
        )

    async def again(self, found: Round) -> Round:
        """Return a round as it is now."""
        return await self.read(lambda tx: round_of(tx, found.id))

    async def told(self, who: str) -> list[str]:
        """Return the kinds of what somebody was told, the first one first."""
        query = "select n.kind from notifications n where n.bank_id = $1 and n.person_id = $2 order by n.id"
        rows = await self.read(lambda tx: tx.connection.fetch(query, tx.bank_id, self.cast.people[who]))
        return [row["kind"] for row in rows]


async def set_stage(database: Database, bank: Bank, home: Path) -> Stage:
    """Set the stage."""
    stage = Stage(database, await enter(database, bank), home)
    await adopt_pack(database, stage.cast)
    await stage.write(
        lambda tx: adopt(tx, pack_with(SCHEME), effective_from=FROM + timedelta(days=1), actor="test")
    )
    await stage.write(
        lambda tx: put_fields(
            tx, CIPHER, [(stage.cast.people[who], "name", name) for who, name in NAMES.items()]
        )
    )
    await stage.grant("wen", "office", "root")
    await stage.grant("stella", "office", "apple")
    await stage.credit("record:a", "alice", 360)
    await stage.credit("record:b", "bob", 180)
    return stage
