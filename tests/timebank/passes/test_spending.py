"""A member's code pays once, at a till or at a merchant, and nowhere if it checked somebody in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.timebank.scans.scene import STARTS, open_scene, taken
from timebank.codes.rules import MemberCode, member_code, read_code
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.passes.spending import spending_proof, unused_proof

NOW = datetime(2026, 5, 9, 4, 0, tzinfo=UTC)


def shown(pass_id: int = 7) -> MemberCode:
    code = read_code(member_code(b"s" * 20, bank_id=1, pass_id=pass_id, at=NOW))
    assert isinstance(code, MemberCode)
    return code


async def is_used(database: Database, cast: Cast, code: MemberCode) -> bool:
    try:
        await database.read(cast.bank, lambda tx: unused_proof(tx, code))
    except RefusalError as refused:
        return refused.code == "code_used"
    return False


def test_what_is_used_up_is_the_pass_in_its_window() -> None:
    code = shown()
    assert spending_proof(code) == spending_proof(replace(code, mac=b"0" * 10))
    assert spending_proof(code) != spending_proof(replace(code, window=code.window + 1))
    assert spending_proof(code) != spending_proof(replace(code, pass_id=8))


async def test_a_code_quoted_at_a_till_is_used(database: Database, cast: Cast) -> None:
    code = shown()

    async def quote(tx: WriteTx) -> None:
        run = tx.connection
        shop = await run.fetchval(
            "insert into shops (bank_id, code) values ($1, 'S') returning id", tx.bank_id
        )
        till = await run.fetchval(
            "insert into tills (bank_id, shop_id, device_id, cashier_id, session_id, opened_at, opening_cash_cents)"
            " values ($1, $2, $3, $4, $5, $6, 0) returning id",
            tx.bank_id,
            shop,
            cast.devices["till"],
            cast.people["carl"],
            cast.sessions["carl"],
            NOW,
        )
        await run.execute(
            "insert into quotes (bank_id, till_id, person_id, shown, proof, lines, points, policy_version, made_at,"
            " expires_at) values ($1, $2, $3, 'code', $4, '[]', 0, 1, $5, $5)",
            tx.bank_id,
            till,
            cast.people["alice"],
            spending_proof(code),
            NOW,
        )

    assert not await is_used(database, cast, code)
    await database.write(cast.bank, quote)
    assert await is_used(database, cast, code)
    assert not await is_used(database, cast, replace(code, window=code.window + 1))


async def test_a_code_that_checked_somebody_in_is_used(database: Database, cast: Cast) -> None:
    scene = await open_scene(database, cast)
    (ann,) = await scene.members(1)
    phone = await scene.pass_of(ann)
    text, late = phone.code(STARTS), phone.code(STARTS - timedelta(minutes=5))
    good, expired = read_code(text), read_code(late)
    assert isinstance(good, MemberCode)
    assert isinstance(expired, MemberCode)
    scans = [taken(scene, STARTS, member_code=code, station_id=scene.stations[0]) for code in (late, text)]
    assert await scene.outcomes(*scans) == ["code_expired", "accepted"]
    assert await is_used(database, cast, good)
    assert not await is_used(database, cast, expired)
