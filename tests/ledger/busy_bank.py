"""A bank in which everything the ledger knows has happened: where audit and tampering tests begin."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from ledger.expiry import ExpiryCursor, expire_lots
from ledger.folding import fold
from ledger.holds import capture, hold, release, reversal
from ledger.periods import close_period
from ledger.posting import post
from ledger.proof.note import SigningKey
from ledger.proof.sealing import seal
from ledger.values import (
    BUDGET,
    CARRY_OVER,
    HANDED_OUT,
    HELD,
    HOLD,
    ISSUANCE,
    SHELF,
    SUPPLY,
    TAKINGS,
    WALLET,
    Draft,
    Move,
    Place,
    Posted,
    Refused,
    Settlement,
    Twin,
    Wallet,
)
from tests.conftest import END_OF_2026, SPRING
from timebank.database import Bank, Database

SUMMER = date(2025, 6, 30)
JULY = datetime(2025, 7, 10, 4, 0, tzinfo=UTC)
POINT, MINUTE, RICE = "point", "minute", "goods/rice"
ROUNDS = 22


@dataclass
class BusyBank:
    """The bank, its people, what was posted under each key, and its signed heads."""

    bank: Bank
    key: SigningKey
    owners: list[UUID]
    shop: UUID
    ids: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """The name of the bank's log."""
        return f"timebank/{self.bank.code}"

    async def post(self, database: Database, *drafts: Draft) -> None:
        """Post the drafts and remember what became of their keys."""
        outcomes = await database.write(self.bank, lambda tx: post(tx, drafts))
        for draft, outcome in zip(drafts, outcomes, strict=True):
            if isinstance(outcome, Posted):
                self.ids[draft.key] = outcome.transaction_id
            elif isinstance(outcome, Refused):
                self.refused[draft.key] = outcome.transaction_id

    async def seal_all(self, database: Database) -> None:
        """Seal until nothing is left; other tests on the same server may hold that up for a moment."""
        for _ in range(2_400):
            sealed = await database.write(
                self.bank, lambda tx: seal(tx, self.key, origin=self.origin, sealed_at=datetime.now(UTC))
            )
            if sealed.checkpoint is not None:
                self.notes.append(sealed.checkpoint.note)
            if not await unsealed(database, self.bank):
                return
            await asyncio.sleep(0.05)
        msg = "the horizon does not move"
        raise AssertionError(msg)


async def unsealed(database: Database, bank: Bank) -> int:
    """Return how many transactions have no leaf."""
    return await database.read(
        bank,
        lambda tx: tx.connection.fetchval(
            "select count(*) from transactions t where t.bank_id = $1 and not exists"
            " (select from leaves l where l.bank_id = $1 and l.transaction_id = t.id)",
            bank.id,
        ),
    )


async def fold_all(database: Database, bank: Bank) -> None:
    """Fold until every posting to an open account is in its fold."""
    for _ in range(2_400):
        await database.write(bank, fold)
        left = await database.read(
            bank,
            lambda tx: tx.connection.fetchval(
                "select count(*) from accounts a join postings p on p.bank_id = $1"
                " and a.id in (p.from_account_id, p.to_account_id) and p.xact >= a.folded_before"
                " where a.bank_id = $1 and not a.guarded",
                bank.id,
            ),
        )
        if not left:
            return
        await asyncio.sleep(0.05)
    msg = "the horizon does not move"
    raise AssertionError(msg)


def credit(
    key: str, owner: UUID, expires_on: date | None, points: int = 100, *, at: datetime = SPRING
) -> Draft:
    """Return a credit of minutes and points, as a service record becomes one."""
    moves = (
        Move(Place(ISSUANCE), Place(WALLET, owner), MINUTE, 60),
        Move(Place(ISSUANCE), Place(WALLET, owner, expires_on), POINT, points),
    )
    metadata = {"record": {"id": key, "grade": "A"}, "活动": "长者食堂", "rate": [3, True, None]}
    return Draft("credit", key, at, "office", moves, memo="暖心服务", metadata=metadata)


def redeem(key: str, owner: UUID, shop: UUID, points: int, *, at: datetime = SPRING) -> Draft:
    """Return a redemption of points for rice, ten points for one."""
    moves = (
        Move(Wallet(owner), Place(TAKINGS), POINT, points),
        Move(Place(SHELF, shop), Place(HANDED_OUT), RICE, points // 10),
    )
    return Draft("redeem", key, at, "till", moves)


async def busy_bank(database: Database, bank: Bank) -> BusyBank:
    """Let everything happen: more than 256 transactions, sealed in several checkpoints, folded in between."""
    owners = [uuid4() for _ in range(ROUNDS)]
    busy = BusyBank(bank, SigningKey.generate("timebank"), owners, uuid4())
    stock = Move(Place(SUPPLY), Place(SHELF, busy.shop), RICE, 1_000)
    ceiling = Move(Place(ISSUANCE), Place(BUDGET, busy.shop), POINT, 60)
    await busy.post(
        database,
        Draft("receive", "stock", SPRING, "shop", (stock,)),
        Draft("ceiling", "ceiling", SPRING, "office", (ceiling,)),
    )
    await database.write(bank, lambda tx: close_period(tx, before=SPRING - timedelta(days=4), actor="office"))
    await asyncio.gather(*(_spring(database, busy, number) for number in range(ROUNDS)))
    await busy.seal_all(database)
    await fold_all(database, bank)
    await asyncio.gather(*(_summer(database, busy, number) for number in range(ROUNDS)))
    await busy.seal_all(database)
    await busy.post(
        database, credit("tail-1", owners[0], END_OF_2026), credit("tail-2", uuid4(), END_OF_2026)
    )
    await busy.seal_all(database)
    return busy


async def _spring(database: Database, busy: BusyBank, n: int) -> None:
    """Earn, give, redeem, hold, capture, release and reverse; some of it refused."""
    owner, friend, shop = busy.owners[n], busy.owners[(n + 1) % ROUNDS], busy.shop
    await busy.post(
        database,
        credit(f"never-{n}", owner, None, points=20),
        credit(f"late-{n}", owner, END_OF_2026, points=50),
        credit(f"early-{n}", owner, SUMMER, points=100),
    )
    until = SPRING + timedelta(days=7)
    shelf_hold = Move(Place(SHELF, shop), Place(HELD, shop), RICE, 2)
    await busy.post(
        database,
        redeem(f"redeem-{n}", owner, shop, 30),
        redeem(f"regret-{n}", owner, shop, 20),
        redeem(f"greedy-{n}", owner, shop, 10_000),
        Draft("gift", f"gift-{n}", SPRING, "app", (Move(Wallet(owner), Twin(WALLET, friend), POINT, 5),)),
        hold(f"hold-{n}", owner=owner, unit=POINT, amount=70, until=until, effective_at=SPRING, actor="app"),
        hold(f"kept-{n}", owner=owner, unit=POINT, amount=4, until=until, effective_at=SPRING, actor="app"),
        Draft(HOLD, f"order-{n}", SPRING, "app", (shelf_hold,), hold_until=until),
        Draft(
            "award", f"odd-{n}", SPRING, "app", (Move(Place(ISSUANCE), Place(WALLET, owner), "no-such", 1),)
        ),
        credit(f"closed-{n}", owner, None, at=SPRING - timedelta(days=10)),
        # Twenty of twenty-two fit below the ceiling.
        Draft(
            "award",
            f"capped-{n}",
            SPRING,
            "office",
            (Move(Place(BUDGET, shop), Place(WALLET, friend, END_OF_2026), POINT, 3),),
        ),
    )
    at = SPRING + timedelta(days=1)
    settle = [Settlement(POINT, Place(TAKINGS), 25 + n)]
    await busy.post(
        database,
        reversal(f"refund-{n}", transaction_id=busy.ids[f"regret-{n}"], effective_at=at, actor="till"),
        capture(f"capture-{n}", hold_id=busy.ids[f"hold-{n}"], settle=settle, effective_at=at, actor="till"),
        release(f"release-{n}", hold_id=busy.ids[f"order-{n}"], effective_at=at, actor="till"),
        reversal(f"ghost-{n}", transaction_id=10**12, effective_at=at, actor="till"),
    )
    undo = reversal(f"undo-{n}", transaction_id=busy.ids[f"capture-{n}"], effective_at=at, actor="till")
    await busy.post(database, undo, undo)


async def _summer(database: Database, busy: BusyBank, n: int) -> None:
    """Lots lapse, an old redemption is refunded with days of grace, the rest of a lot is carried over."""
    owner = busy.owners[n]
    if n == 0:
        await _expire(database, busy.bank)
    refund = reversal(
        f"grace-{n}",
        transaction_id=busy.ids[f"redeem-{n}"],
        effective_at=JULY,
        actor="manager",
        grace_on=date(2025, 8, 9),
    )
    carried = Move(Place(WALLET, owner, END_OF_2026), Place(WALLET, owner, date(2027, 12, 31)), POINT, 10)
    await busy.post(
        database,
        refund,
        Draft(CARRY_OVER, f"carry-{n}", JULY, "calendar", (carried,)),
        redeem(f"again-{n}", owner, busy.shop, 33, at=JULY),
    )


async def _expire(database: Database, bank: Bank) -> None:
    """Expire the lots of spring, five at a time."""
    after: ExpiryCursor | None = ExpiryCursor()
    while after is not None:
        work = partial(expire_lots, as_of=date(2025, 7, 1), actor="calendar", after=after, limit=5)
        after = (await database.write(bank, work)).next
