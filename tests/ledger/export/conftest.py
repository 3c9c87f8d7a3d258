"""A bank that did everything the ledger can do, with texts that would break a careless writer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import pytest_asyncio

from ledger.accounts import declare_units
from ledger.balances import account_balances
from ledger.clearing import Crossing, cross
from ledger.exchanges import set_exchanges
from ledger.expiry import ExpiryCursor, expire_lots
from ledger.export.journal import JournalAccount
from ledger.folding import fold
from ledger.holds import capture, hold, release, reversal
from ledger.posting import post
from ledger.session import Catalogue, ReadTx, WriteTx
from ledger.values import (
    BUDGET,
    CONVERTED,
    HANDED_OUT,
    ISSUANCE,
    SHELF,
    SUPPLY,
    TAKINGS,
    VARIANCE,
    WALLET,
    Draft,
    Move,
    Place,
    Posted,
    Refused,
    Settlement,
    Wallet,
)
from tests.conftest import EXCHANGES, SPRING, new_bank
from timebank.database import Bank, Database

ALICE, BOB, SHOP, TOWN = (UUID(f"{n}0000000-0000-4000-8000-00000000000{n}") for n in "abcd")
END_OF_2025 = date(2025, 12, 31)
END_OF_2026 = date(2026, 12, 31)

NASTY = (
    '* ! (7) 备注；“好” "x" ; y | z, {1} @ 3 = [2025-99-99] date:昨天\\n\n; 第二行\r\n'
    "2025-01-01 open\t\u2028\x07\x85 %\\"
)
"""A memo with everything that one of the formats reads as its own."""

MORE_UNITS = (
    ("goods_rice", "goods", True),
    ("goods.rice", "goods", True),
    ("Goods/Rice", "goods", True),
    ("x", "value", True),
    ("a:b", "value", True),
    ("a/b", "value", True),
    ("a::b:", "value", True),
    ("g" * 79 + "1", "value", True),
    ("g" * 79 + "2", "value", True),
)
"""Codes that a careless mapping would make the same."""


@dataclass(frozen=True)
class Books:
    """A bank, how many transactions it accepted, and what the ledger itself says of every account."""

    bank: Bank
    accepted: int
    balances: dict[tuple[str, str, UUID, date | None], int]

    def of(self, account: JournalAccount) -> int:
        """Return the ledger's balance of an account that a journal names."""
        return self.balances[account.unit, account.kind, account.owner, account.expires_on]


@pytest_asyncio.fixture(scope="session")
async def books(database: Database) -> AsyncIterator[Books]:
    """Return the books of a bank with every kind of transaction, some of them refused."""
    bank, other = await new_bank(database), await new_bank(database)

    async def prepare(tx: WriteTx) -> None:
        await declare_units(tx, MORE_UNITS)
        pairs = {*EXCHANGES, ("point", "fufen")}
        await set_exchanges(tx, pairs, effective_from=SPRING - timedelta(days=1))

    await database.write(bank, prepare)
    accepted = await database.write(bank, _everything)

    async def crossing(tx: WriteTx) -> None:
        there = replace(tx, bank_id=other.id, bank_code=other.code, zone=other.zone, catalogue=Catalogue())
        sides = await cross(
            tx,
            there,
            Crossing("x", ALICE, Place(WALLET, BOB), "point", 3, SPRING, "test", {"to": other.code}),
        )
        assert all(isinstance(side, Posted) for side in sides)

    await database.write(bank, crossing)

    async def end_of_year(tx: WriteTx) -> int:
        batch = await expire_lots(tx, as_of=date(2026, 1, 1), actor="job", after=ExpiryCursor())
        await fold(tx)
        return batch.lots

    lots = await database.write(bank, end_of_year)
    assert lots > 0

    async def balances(tx: ReadTx) -> dict[tuple[str, str, UUID, date | None], int]:
        return {(a.unit, a.kind, a.owner, a.expires_on): a.balance for a in await account_balances(tx)}

    yield Books(bank, accepted + 1 + lots, await database.read(bank, balances))


async def _everything(tx: WriteTx) -> int:
    """Post every kind of transaction that a draft can ask for; return how many were accepted."""
    source = Place(ISSUANCE)
    lot = Place(WALLET, ALICE, END_OF_2025)
    opening = [
        _draft(
            "credit", "c1", Move(source, Place(WALLET, ALICE), "minute", 120), Move(source, lot, "point", 60)
        ),
        _draft("credit", "c2", Move(source, Place(WALLET, ALICE, END_OF_2026), "point", 40)),
        _draft("credit", "c3", Move(source, Place(WALLET, BOB), "party_score", 2**53 - 1)),
        _draft("ceiling", "b1", Move(source, Place(BUDGET, TOWN), "point", 30)),
        _draft("award", "b2", Move(Place(BUDGET, TOWN), lot, "point", 7)),
        _draft("ceiling", "b3", Move(Place(BUDGET, TOWN), source, "point", 3)),
        _draft("delivery", "d", Move(Place(SUPPLY), Place(SHELF, SHOP), "goods/rice", 10)),
        *(
            _draft("credit", f"u:{code}", Move(source, lot, code, n))
            for n, (code, _, _) in enumerate(MORE_UNITS, 1)
        ),
    ]
    outcomes = await post(tx, opening)
    spending = [
        _draft(
            "redeem",
            'k,"1"; x|y\n::z:',
            Move(Wallet(ALICE), Place(TAKINGS, SHOP), "point", 5),
            Move(Place(SHELF, SHOP), Place(HANDED_OUT, SHOP), "goods/rice", 1),
        ),
        _draft(
            "convert",
            "=1+1",
            Move(Wallet(ALICE), Place(CONVERTED), "point", 4),
            Move(Place(CONVERTED), Place(WALLET, ALICE, END_OF_2026), "fufen", 2),
        ),
        _draft("count", "v", Move(Place(SHELF, SHOP), Place(VARIANCE, SHOP), "goods/rice", 1)),
        # 16:30 UTC is past midnight in Shanghai: the day is the bank's.
        replace(
            _draft("credit", "night", Move(source, lot, "point", 1)), effective_at=SPRING.replace(hour=16)
        ),
        _draft("spend", "too much", Move(Wallet(BOB), Place(TAKINGS), "point", 1)),
        _hold("h1"),
        _hold("h2"),
    ]
    outcomes += await post(tx, spending)
    redeemed, *_, first, second = [o.transaction_id for o in outcomes[len(opening) :]]
    settle = [Settlement("point", Place(TAKINGS), 4)]
    outcomes += await post(
        tx,
        [
            capture("cap", hold_id=first, settle=settle, effective_at=SPRING, actor="test"),
            release("rel", hold_id=second, effective_at=SPRING, actor="test"),
            reversal("rev", transaction_id=redeemed, effective_at=SPRING, actor="test", memo=NASTY),
        ],
    )
    assert [o for o in outcomes if isinstance(o, Refused)] == [outcomes[len(opening) + 4]]
    return sum(isinstance(o, Posted) for o in outcomes)


def _draft(kind: str, key: str, *moves: Move) -> Draft:
    return Draft(kind, key, SPRING, "=cmd|' /C'!A0", moves, memo=NASTY, metadata={"备注": NASTY})


def _hold(key: str) -> Draft:
    until = SPRING + timedelta(days=3)
    return hold(key, owner=ALICE, unit="point", amount=6, until=until, effective_at=SPRING, actor="test")
