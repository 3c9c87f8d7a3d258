"""Something to read in the cast's books: a policy pack, lots, an activity with a record, a shop with rice."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import ISSUANCE, SHELF, SUPPLY, TAKINGS, WALLET, Draft, Move, Place, Posted, Wallet
from tests.api.cast import Cast
from timebank.database import Database
from timebank.policy.actions import adopt
from timebank.policy.rules import default_pack

SPRING = datetime(2025, 3, 5, 6, 30, tzinfo=UTC)
END_OF_2096, END_OF_2099 = date(2096, 12, 31), date(2099, 12, 31)
"""Long after any day on which the tests run."""

_ACTIVITY = """
insert into activities (bank_id, code, name, category, is_volunteer_service, organisation_id, leader_code, place,
  starts_at, ends_at, rest_minutes, difficulty_permille)
values ($1, $2, '清洁日', '环境', true, $3, 'ALICE', '广场', $4, $5, 0, 1000) returning id
"""
_RECORD = """
insert into service_records (bank_id, activity_id, volunteer_id, check_in_at, check_out_at, served_from,
  served_until, minutes, points, policy_version, outcome, state)
select $1, $2, v.id, $4, $5, $4, $5, 120, 20, 1, $6,
  case $6 when 'accepted' then 'credited' when 'needs_review' then 'pending' else 'rejected' end
from volunteers v where v.bank_id = $1 and v.owner = $3
returning id
"""


async def adopt_pack(database: Database, cast: Cast, *, effective_from: date = date(2021, 1, 1)) -> None:
    """Adopt the default pack."""
    await database.write(
        cast.bank, lambda tx: adopt(tx, default_pack(), effective_from=effective_from, actor="test")
    )


async def book(database: Database, cast: Cast, *drafts: Draft) -> list[int]:
    """Post drafts that are accepted, and return their ids."""

    async def work(tx: WriteTx) -> list[int]:
        outcomes = await post(tx, drafts)
        assert all(isinstance(outcome, Posted) for outcome in outcomes), outcomes
        return [outcome.transaction_id for outcome in outcomes]

    return await database.write(cast.bank, work)


def credit(
    key: str, owner: UUID, *, minutes: int = 120, points: int = 20, expires_on: date | None = END_OF_2099
) -> Draft:
    """Return a credit of minutes and points."""
    return Draft(
        "credit",
        key,
        SPRING,
        "import",
        (
            Move(Place(ISSUANCE), Place(WALLET, owner), "minute", minutes),
            Move(Place(ISSUANCE), Place(WALLET, owner, expires_on), "point", points),
        ),
    )


def spend(key: str, owner: UUID, shop: UUID, points: int) -> Draft:
    """Return a spend of points."""
    return Draft(
        "redemption", key, SPRING, "import", (Move(Wallet(owner), Place(TAKINGS, shop), "point", points),)
    )


async def add_activity(
    database: Database, cast: Cast, code: str, organisation: str | None, *, starts_at: datetime = SPRING
) -> int:
    """Enter an activity of two hours."""

    async def work(tx: WriteTx) -> int:
        id_: int = await tx.connection.fetchval(
            _ACTIVITY,
            tx.bank_id,
            code,
            organisation and cast.organisations[organisation],
            starts_at,
            starts_at + timedelta(hours=2),
        )
        return id_

    return await database.write(cast.bank, work)


async def add_record(
    database: Database, cast: Cast, activity_id: int, name: str, *, outcome: str = "accepted"
) -> int:
    """Enter a record of one of the volunteers; the policy pack is adopted before."""

    async def work(tx: WriteTx) -> int:
        id_: int = await tx.connection.fetchval(
            _RECORD,
            tx.bank_id,
            activity_id,
            cast.people[name],
            SPRING,
            SPRING + timedelta(hours=2),
            outcome,
        )
        return id_

    return await database.write(cast.bank, work)


async def add_shop(database: Database, cast: Cast, *, stock: int) -> int:
    """Enter a shop with so many bags of rice on its shelf."""

    async def work(tx: WriteTx) -> tuple[int, UUID]:
        row = await tx.connection.fetchrow(
            "insert into shops (bank_id, code) values ($1, 'S1') returning id, owner", tx.bank_id
        )
        assert row is not None
        await tx.connection.execute(
            "insert into goods (bank_id, shop_id, sku, name, unit_code, price_points, opening_stock, opening_at)"
            " values ($1, $2, 'RICE', '大米', 'goods/rice', 30, $3, $4)",
            tx.bank_id,
            row["id"],
            stock,
            SPRING,
        )
        return row["id"], row["owner"]

    shop_id, owner = await database.write(cast.bank, work)
    receipt = Draft(
        "receipt",
        "opening",
        SPRING,
        "import",
        (Move(Place(SUPPLY, owner), Place(SHELF, owner), "goods/rice", stock),),
    )
    await book(database, cast, receipt)
    return shop_id
