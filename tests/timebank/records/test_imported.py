"""Records of a workbook among those made here: a workbook that comes again does not undo what was decided."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger.balances import trial_balance
from tests.api.cast import enter
from tests.timebank.offices import NOW, assert_sound, new_office, take_in
from tests.timebank.records.scene import Scene
from tests.timebank.workbook import generator
from timebank.database import Database
from timebank.records.correcting import Corrected, Times, Voided, correct_record, void_record

SIZE = generator.Size(volunteers=6, activities=12, attendances=80, awards=0, items=0, slips=0)


@pytest.fixture
async def scene(database: Database, tmp_path: Path) -> Scene:
    """Return a bank with a year of service in its books, and the cast beside it."""
    bank = await new_office(database)
    generator.write(tmp_path / "small.xlsx", generator.district(67, SIZE))
    await take_in(database, bank, tmp_path / "small.xlsx")
    return Scene(database, await enter(database, bank))


async def test_what_was_corrected_and_voided_is_not_booked_again(scene: Scene, tmp_path: Path) -> None:
    credited = [row for row in await scene.records() if row["state"] == "credited"]
    one, two = credited[0], credited[1]
    came = one["served_from"]
    assert isinstance(came, datetime)
    times = Times(came, came + timedelta(minutes=60))

    async def take_back() -> None:
        corrected = await scene.do(
            "olga",
            lambda tx, actor: correct_record(
                tx, actor, record_id=int(str(one["id"])), times=times, reason="mistake", now=NOW
            ),
        )
        assert isinstance(corrected, Corrected)
        voided = await scene.do(
            "olga",
            lambda tx, actor: void_record(
                tx, actor, record_id=int(str(two["id"])), reason="mistake", now=NOW
            ),
        )
        assert isinstance(voided, Voided)
        assert voided.reversal_id is not None

    await take_back()
    before = await scene.read(trial_balance)
    records = await scene.records()
    await take_in(scene.database, scene.cast.bank, tmp_path / "small.xlsx", actor="again")
    assert await scene.read(trial_balance) == before
    assert await scene.records() == records
    await assert_sound(scene.database, scene.cast.bank)
