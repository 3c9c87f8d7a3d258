"""A bank with time-coins for the cast: a pack that has them, coins earned, kin, and care funds."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from httpx2 import Response

from ledger.balances import wallet
from ledger.session import ReadTx, WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place
from tests.api.books import END_OF_2099, book
from tests.api.cast import Cast
from timebank.database import Bank, Database
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack, default_pack, parse_pack

CAP = 10
EARNED = datetime(2025, 3, 5, 6, 30, tzinfo=UTC)


def timecoin_pack(*, notice_working_days: int = 3, **rule: object) -> PolicyPack:
    """Return the default pack with time-coins: two an hour, ten kept at most, one for an hour of service."""
    pack = default_pack().model_dump(mode="json", by_alias=True)
    pack["units"].append({"code": "timecoin", "class": "value", "spendable": True})
    pack["earned"] = [{"unit": "timecoin", "per_hour_permille": 2000}]
    pack["timecoins"] = {"storage_cap": CAP, **rule}
    pack["attendance"]["notice_working_days"] = notice_working_days
    return parse_pack(PolicyPack.model_validate(pack, strict=False).model_dump_json(by_alias=True))


async def adopt_timecoins(database: Database, cast: Cast, **rule: object) -> None:
    """Adopt the pack with time-coins, as of years ago."""
    pack = timecoin_pack(**rule)  # type: ignore[arg-type]  # parts of the rule
    await database.write(cast.bank, lambda tx: adopt(tx, pack, effective_from=date(2021, 1, 1), actor="test"))


async def earn(
    database: Database, cast: Cast, owner: UUID, coins: int, *, expires_on: date | None = END_OF_2099
) -> None:
    """Put coins into a wallet."""
    move = Move(Place(ISSUANCE), Place(WALLET, owner, expires_on), "timecoin", coins)
    await book(database, cast, Draft("credit", f"coins:{uuid4()}", EARNED, "import", (move,)))


async def coins_of(database: Database, bank: Bank, owner: UUID, *, kind: str = "wallet") -> int:
    """Return how many coins an owner has, or has held."""
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "timecoin", kind=kind))
    return sum(lot.balance for lot in lots)


async def make_kin(
    database: Database,
    cast: Cast,
    one: str,
    other: str,
    relation: str = "spouse",
    *,
    is_confirmed: bool = True,
) -> int:
    """Let `other` be the `relation` of `one`, confirmed by a worker."""

    async def work(tx: WriteTx) -> int:
        id_: int = await tx.connection.fetchval(
            "insert into kinships (bank_id, person_id, kin_id, relation, declared_at, declared_by, confirmed_at,"
            " confirmed_by) values ($1, $2, $3, $4, $5, 'test', $6, $7) returning id",
            tx.bank_id,
            cast.people[one],
            cast.people[other],
            relation,
            EARNED,
            EARNED if is_confirmed else None,
            cast.people["wen"] if is_confirmed else None,
        )
        return id_

    return await database.write(cast.bank, work)


async def care_fund(database: Database, cast: Cast, at: str, *, coins: int = 0) -> tuple[int, UUID]:
    """Open a care fund of an organisation and return its id and owner."""

    async def work(tx: WriteTx) -> tuple[int, UUID]:
        row = await tx.connection.fetchrow(
            "insert into funds (bank_id, code, name, kind, organisation_id) values ($1, $2, '测试关爱基金', 'care', $3)"
            " returning id, owner",
            tx.bank_id,
            f"care-{at}-{uuid4().hex[:6]}",
            cast.organisations[at],
        )
        assert row is not None
        return row["id"], row["owner"]

    id_, owner = await database.write(cast.bank, work)
    if coins:
        await earn(database, cast, owner, coins)
    return id_, owner


async def let_act(database: Database, cast: Cast, agent: str, principal: str, scope: str) -> None:
    """Let one of the cast act for another."""
    await database.write(
        cast.bank,
        lambda tx: tx.connection.execute(
            "insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)"
            " values ($1, $2, $3, $4, '测试', '2025-01-01', '2999-01-01', 'test')",
            tx.bank_id,
            cast.people[principal],
            cast.people[agent],
            [scope],
        ),
    )


def refusal(answer: Response) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return answer.status_code, answer.json()["code"]


async def told(database: Database, cast: Cast, name: str) -> list[str]:
    """Return what one of the cast was told, in order."""

    async def work(tx: ReadTx) -> list[str]:
        rows = await tx.connection.fetch(
            "select kind from notifications where bank_id = $1 and person_id = $2 order by id",
            tx.bank_id,
            cast.people[name],
        )
        return [row["kind"] for row in rows]

    return await database.read(cast.bank, work)
