"""What an import credits is what the policy pack says of service anywhere, and what was closed meanwhile counts."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from ledger.session import ReadTx, WriteTx
from tests.api.cast import enter
from tests.timebank.offices import assert_sound, new_office, take_in
from tests.timebank.records.scene import NINE, ZONE, Scene
from tests.timebank.workbook import generator
from timebank.database import Database
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack, default_pack, parse_pack
from timebank.policy.simulating import simulate
from timebank.records.making import close_due

SIZE = generator.Size(volunteers=6, activities=12, attendances=80, awards=0, items=0, slips=0)
FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)

_ISSUED = """
select u.code, sum(p.amount)::bigint as amount from postings p
join transactions t on t.bank_id = $1 and t.id = p.transaction_id and t.kind = 'credit'
join units u on u.bank_id = $1 and u.id = p.unit_id
where p.bank_id = $1 group by u.code
"""
_SERVED = """
select a.code as activity, v.code as volunteer, v.owner, r.served_from, r.served_until, r.outcome, r.state
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 order by r.id
"""


def pack_with_prices() -> PolicyPack:
    """Return the default pack with a category of its own rate, one that is no service, and more that an hour earns."""
    pack = default_pack().model_dump(mode="json", by_alias=True)
    words = {"zh": "测", "en": "test"}
    pack["categories"] = [
        {"code": "elder_care", "label": words, "is_volunteer_service": True, "points_per_hour": 12},
        {"code": "meeting", "label": words, "is_volunteer_service": False},
    ]
    pack["earned"] = [
        {"unit": "fufen", "per_hour_permille": 500},
        {"unit": "party_score", "per_hour_permille": 1000, "party_members_only": True},
    ]
    return parse_pack(PolicyPack.model_validate(pack, strict=False).model_dump_json(by_alias=True))


async def test_an_import_and_a_simulation_price_alike(database: Database, tmp_path: Path) -> None:
    sheets = generator.district(67, SIZE)
    for number, row in enumerate(sheets["活动"]):
        row[2] = ("elder_care", "meeting", "别的")[number % 3]
    generator.write(tmp_path / "small.xlsx", sheets)
    bank, pack = await new_office(database), pack_with_prices()
    await database.write(bank, lambda tx: adopt(tx, pack, effective_from=FIRST, actor="test"))
    await take_in(database, bank, tmp_path / "small.xlsx")
    found = await simulate(partial(database.read, bank), pack, from_on=FIRST, until_on=LAST)
    issued = Counter(
        {
            row["code"]: row["amount"]
            for row in await database.read(bank, lambda tx: tx.connection.fetch(_ISSUED, tx.bank_id))
        }
    )
    before = found.total.before
    assert found.agrees
    assert before.records > 0
    assert issued["fufen"] > 0
    assert issued == Counter(before.earned) + Counter(minute=before.minutes, point=before.points)
    assert found.total.after == before
    await assert_sound(database, bank)


async def test_an_import_decides_on_what_a_closing_stored_just_before(
    database: Database, tmp_path: Path
) -> None:
    sheets = generator.district(67, SIZE)
    generator.write(tmp_path / "all.xlsx", sheets)
    generator.write(tmp_path / "registers.xlsx", sheets | {"签到": sheets["签到"][:0]})
    elsewhere = await new_office(database)
    await take_in(database, elsewhere, tmp_path / "all.xlsx")

    async def served(tx: ReadTx) -> list[dict[str, object]]:
        return [dict(row) for row in await tx.connection.fetch(_SERVED, tx.bank_id)]

    one = next(row for row in await database.read(elsewhere, served) if row["state"] == "credited")
    bank = await new_office(database)
    await take_in(database, bank, tmp_path / "registers.xlsx")
    scene = Scene(database, await enter(database, bank))
    came, went = one["served_from"].astimezone(ZONE), one["served_until"].astimezone(ZONE)  # type: ignore[attr-defined]  # of a row
    owner = await scene.read(
        lambda tx: tx.connection.fetchval(
            "select owner from volunteers where bank_id = $1 and code = $2", tx.bank_id, one["volunteer"]
        )
    )
    session = await scene.session(starts_at=came, hours=(went - came) / timedelta(hours=1))
    hours = [(at - NINE) / timedelta(hours=1) + 9 for at in (came, went)]
    await scene.scan(session, owner, "in", hours[0])
    await scene.scan(session, owner, "out", hours[1])
    stored = asyncio.Event()

    async def close_slowly(tx: WriteTx) -> None:
        await close_due(tx, session_id=session, actor="job", now=went + timedelta(hours=9))
        stored.set()
        await asyncio.sleep(1)

    async def import_meanwhile() -> None:
        await stored.wait()
        await take_in(database, bank, tmp_path / "all.xlsx")

    await asyncio.gather(scene.write(close_slowly), import_meanwhile())
    found = [row for row in await scene.read(served) if row["owner"] == owner]
    assert [row["outcome"] for row in found if row["activity"] == one["activity"]] == ["overlap"]
    await assert_sound(database, bank)
