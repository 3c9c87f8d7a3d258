"""The tree in the database: what one bank does, another never sees."""

from datetime import date

import pytest

from ledger.session import WriteTx
from tests.conftest import new_bank
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.organisations.actions import found_organisation, move_organisation
from timebank.organisations.queries import Filter, Organisation, organisations

TODAY = date(2026, 3, 5)


async def founded(database: Database, bank: Bank, code: str, parent_id: int | None = None) -> Organisation:
    async def work(tx: WriteTx) -> Organisation:
        return await found_organisation(
            tx, code=code, name="测试", level="other", parent_id=parent_id, opened_on=TODAY, today=TODAY
        )

    return await database.write(bank, work)


async def test_no_parent_is_of_another_bank(database: Database, bank: Bank) -> None:
    other = await new_bank(database)
    ours, theirs = await founded(database, bank, "a"), await founded(database, other, "a")
    for attempt in (
        founded(database, bank, "b", theirs.id),
        database.write(
            bank,
            lambda tx: move_organisation(
                tx, ours.id, parent_id=theirs.id, moved_on=TODAY, today=TODAY, actor="test"
            ),
        ),
    ):
        with pytest.raises(RefusalError, match="unknown_organisation"):
            await attempt
    found = await database.read(bank, lambda tx: organisations(tx, Filter(TODAY), after=0, limit=10))
    assert found == [ours]


async def test_a_version_counts_each_change(database: Database, bank: Bank) -> None:
    top = await founded(database, bank, "top")
    one, two = [await founded(database, bank, code, top.id) for code in ("one", "two")]
    moved = await database.write(
        bank,
        lambda tx: move_organisation(tx, one.id, parent_id=two.id, moved_on=TODAY, today=TODAY, actor="test"),
    )
    assert (one.version, moved.version, moved.parent_id) == (1, 2, two.id)
