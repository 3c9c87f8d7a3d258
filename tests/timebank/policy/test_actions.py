"""Adopting packs: versions and their days, and what a later pack changes in an import and in the ledger."""

import asyncio
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ledger.posting import post
from ledger.session import ReadTx
from ledger.values import CONVERTED, ISSUANCE, WALLET, Draft, Move, Place, Posted, Refused, Wallet
from tests.timebank.offices import assert_sound, books, new_office, take_in
from tests.timebank.workbook import generator
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.policy.actions import PolicyHistory, PolicyVersion, adopt, load_history
from timebank.policy.queries import adoptions, latest_pack, version_changes
from timebank.policy.rules import PolicyPack, default_pack, parse_pack

SUMMER = date(2025, 7, 1)


def stricter(**crediting: int) -> PolicyPack:
    """Return the default pack with other figures of crediting, and fufen to be had for points."""
    body = json.loads(default_pack().model_dump_json(by_alias=True))
    body["crediting"] |= crediting
    body["exchanges"] = [["point", "fufen"]]
    return parse_pack(json.dumps(body))


async def adopted(database: Database, bank: Bank, pack: PolicyPack, day: date) -> PolicyVersion:
    return await database.write(bank, lambda tx: adopt(tx, pack, effective_from=day, actor="test"))


async def test_a_day_has_the_version_in_force_on_it(database: Database) -> None:
    bank = await new_office(database)
    assert (await adopted(database, bank, stricter(), SUMMER)).version == 2
    history: PolicyHistory = await database.read(bank, load_history)
    days = (date(2000, 1, 1), date(2025, 6, 30), SUMMER, date(2030, 1, 1))
    assert [history.on(day).version for day in days] == [1, 1, 2, 2]
    with pytest.raises(RefusalError) as refused:
        history.on(date(1999, 12, 31))
    assert (refused.value.code, refused.value.params) == ("policy_missing", {"day": "1999-12-31"})


@pytest.mark.parametrize("day", [date(2000, 1, 1), date(2025, 1, 1), SUMMER])
async def test_no_pack_begins_before_one_that_stands(day: date, database: Database) -> None:
    bank = await new_office(database)
    await adopted(database, bank, stricter(), SUMMER)
    with pytest.raises(RefusalError) as refused:
        await adopted(database, bank, default_pack(), day)
    assert refused.value.code == "policy_backdated"
    assert len((await database.read(bank, load_history)).versions) == 2


async def test_a_later_pack_prices_later_service(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    await adopted(
        database, bank, stricter(rounding_minutes=60, points_per_hour=20, daily_cap_minutes=90), SUMMER
    )
    sheets = generator.district(
        3, generator.Size(volunteers=3, activities=1, attendances=0, awards=0, slips=0)
    )
    sheets["活动"], sheets["签到"], sheets["奖励"] = [], [], []
    first = datetime(2025, 6, 30, 9)  # noqa: DTZ001 -- a workbook's times are local
    for number, minutes in enumerate((90, 90, 90, 120)):
        start = first + timedelta(days=number)
        end = start + timedelta(minutes=minutes)
        code = f"A{number}"
        sheets["活动"].append([code, "", "", "是", "S001", "", "", "", start, end, None, 1, 5])
        sheets["签到"].append([code, "V000001", start, end, "扫码", ""])
    sheets["奖励"].append(["V000001", "奖", 7, SUMMER])
    generator.write(tmp_path / "two.xlsx", sheets)
    await take_in(database, bank, tmp_path / "two.xlsx")
    found = await books(database, bank)
    assert found["records"] == [
        ("A0", "V000001", "accepted", 90, 15, 1),
        ("A1", "V000001", "accepted", 60, 20, 2),
        ("A2", "V000001", "accepted", 60, 20, 2),
        ("A3", "V000001", "needs_review", 120, 40, 2),
    ]

    async def versions(tx: ReadTx) -> list[tuple[str, str]]:
        rows = await tx.connection.fetch(
            "select kind, metadata->>'policy' as version from transactions"
            " where bank_id = $1 and kind <> 'receipt' order by effective_at, kind",
            tx.bank_id,
        )
        return [(row["kind"], row["version"]) for row in rows]

    assert await database.read(bank, versions) == [
        ("credit", "1"),
        ("award", "2"),
        ("credit", "2"),
        ("credit", "2"),
    ]
    await assert_sound(database, bank)


async def test_every_crediting_transaction_carries_its_version(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    generator.write(tmp_path / "small.xlsx", generator.district(5))
    await take_in(database, bank, tmp_path / "small.xlsx")

    async def without(tx: ReadTx) -> int:
        found: int = await tx.connection.fetchval(
            "select count(*) from transactions where bank_id = $1 and kind in ('credit', 'award', 'redemption')"
            " and metadata->>'policy' is distinct from '1'",
            tx.bank_id,
        )
        return found

    assert await database.read(bank, without) == 0


async def test_a_pack_adopted_later_changes_nothing_that_is_booked(
    database: Database, tmp_path: Path
) -> None:
    bank = await new_office(database)
    generator.write(tmp_path / "small.xlsx", generator.district(5))
    await take_in(database, bank, tmp_path / "small.xlsx")
    before = await books(database, bank)
    await adopted(database, bank, stricter(rounding_minutes=60), date(2024, 1, 1))
    await take_in(database, bank, tmp_path / "small.xlsx")
    assert await books(database, bank) == before


async def test_the_exchanges_of_a_pack_reach_the_ledger_from_its_day(database: Database) -> None:
    bank, owner = await new_office(database), uuid4()
    await adopted(database, bank, stricter(), SUMMER)
    spring, summer = datetime(2025, 3, 1, 8, tzinfo=bank.zone), datetime(2025, 7, 1, tzinfo=bank.zone)
    drafts = [Draft("award", "a", spring, "test", (Move(Place(ISSUANCE), Place(WALLET, owner), "point", 9),))]
    for key, at in (("early", spring), ("late", summer)):
        given = Move(Wallet(owner), Place(CONVERTED), "point", 3)
        got = Move(Place(CONVERTED), Place(WALLET, owner), "fufen", 3)
        drafts.append(Draft("exchange", key, at, "test", (given, got)))
    _, early, late = await database.write(bank, lambda tx: post(tx, drafts))
    assert isinstance(early, Refused)
    assert early.code == "exchange_not_allowed"
    assert isinstance(late, Posted)


OTHER = {"code": "timecoin", "class": "value", "spendable": True}


def with_units(*units: dict[str, object]) -> PolicyPack:
    """Return the default pack with more units."""
    body = json.loads(default_pack().model_dump_json(by_alias=True))
    body["units"] += units
    return parse_pack(json.dumps(body))


async def refusal(database: Database, bank: Bank, pack: PolicyPack, **given: Any) -> tuple[str, object]:
    """Return the code of an adoption that is refused, and what it names."""
    how: dict[str, Any] = {"effective_from": SUMMER, "actor": "test", **given}
    with pytest.raises(RefusalError) as refused:
        await database.write(bank, lambda tx: adopt(tx, pack, **how))
    return refused.value.code, refused.value.params.get("unit")


async def test_a_pack_that_says_the_same_is_not_adopted(database: Database) -> None:
    bank = await new_office(database)
    assert await refusal(database, bank, default_pack()) == ("policy_unchanged", None)
    await adopted(database, bank, stricter(), SUMMER)
    same_again = {"effective_from": SUMMER + timedelta(days=1)}
    assert (await refusal(database, bank, stricter(), **same_again))[0] == "policy_unchanged"
    assert (await adopted(database, bank, default_pack(), SUMMER + timedelta(days=1))).version == 3


async def test_a_pack_takes_effect_on_a_later_day_than_today(database: Database) -> None:
    bank = await new_office(database)
    for today in (SUMMER, SUMMER + timedelta(days=1)):
        assert (await refusal(database, bank, stricter(), today=today))[0] == "policy_not_ahead"
    ahead = SUMMER - timedelta(days=1)
    made = await database.write(
        bank, lambda tx: adopt(tx, stricter(), effective_from=SUMMER, actor="test", today=ahead)
    )
    assert made.version == 2


async def test_a_unit_that_somebody_holds_is_not_left_out(database: Database) -> None:
    bank, owner = await new_office(database), uuid4()
    await adopted(database, bank, with_units(OTHER), SUMMER)
    move = Move(Place(ISSUANCE), Place(WALLET, owner), "timecoin", 3)
    at = datetime(2025, 7, 2, 8, tzinfo=bank.zone)
    (posted,) = await database.write(bank, lambda tx: post(tx, [Draft("award", "a", at, "test", (move,))]))
    assert isinstance(posted, Posted)
    later = {"effective_from": date(2025, 8, 1)}
    assert await refusal(database, bank, default_pack(), **later) == ("policy_unit_in_use", "timecoin")
    await database.write(
        bank,
        lambda tx: post(tx, [Draft("reversal", "b", at, "test", reverses=posted.transaction_id)]),
    )
    assert (await adopted(database, bank, default_pack(), date(2025, 8, 1))).version == 3


async def test_a_unit_keeps_its_class_even_when_it_was_left_out_for_a_while(database: Database) -> None:
    bank = await new_office(database)
    await adopted(database, bank, with_units(OTHER), SUMMER)
    changed = with_units({**OTHER, "spendable": False})
    later = {"effective_from": date(2025, 8, 1)}
    assert await refusal(database, bank, changed, **later) == ("policy_unit_differs", "timecoin")
    await adopted(database, bank, default_pack(), date(2025, 8, 1))
    later = {"effective_from": date(2025, 9, 1)}
    assert await refusal(database, bank, changed, **later) == ("policy_unit_differs", "timecoin")


async def test_a_version_says_who_adopted_it_why_and_what_it_changed(database: Database) -> None:
    bank = await new_office(database)
    await database.write(
        bank,
        lambda tx: adopt(
            tx, stricter(points_per_hour=12), effective_from=SUMMER, actor="person:1", note="区里通知"
        ),
    )
    _, second = await database.read(bank, lambda tx: adoptions(tx, after_version=0, limit=9))
    assert (second.version, second.adopted_by, second.note) == (2, "person:1", "区里通知")
    found = await database.read(bank, lambda tx: version_changes(tx, 2))
    assert [change.path for change in found] == [
        "crediting.points_per_hour",
        "exchanges.point→class:goods",
        "exchanges.point→fufen",
    ]
    first = await database.read(bank, lambda tx: version_changes(tx, 1))
    assert {change.before for change in first} == {None}
    with pytest.raises(RefusalError, match="unknown_policy_version"):
        await database.read(bank, lambda tx: version_changes(tx, 3))
    assert await database.read(bank, latest_pack) == (2, stricter(points_per_hour=12))


async def test_of_two_who_adopt_at_once_one_is_told(database: Database) -> None:
    bank = await new_office(database)
    packs = (stricter(points_per_hour=11), stricter(points_per_hour=12))
    done = await asyncio.gather(
        *(adopted(database, bank, pack, SUMMER) for pack in packs), return_exceptions=True
    )
    refused = [one for one in done if isinstance(one, RefusalError)]
    assert [one.code for one in refused] == ["policy_backdated"]
    assert len((await database.read(bank, load_history)).versions) == 2
