"""The totals: empty, before the jobs, and after corrections in the ledger."""

from pathlib import Path

from ledger.holds import reversal
from ledger.posting import post
from ledger.session import ReadTx
from ledger.values import Posted
from tests.timebank.offices import NEW_YEAR, NOW, assert_sound, close_year, new_office, take_in
from tests.timebank.workbook import generator, oracle
from timebank.database import Database
from timebank.totals.queries import totals

SIZE = generator.Size(volunteers=12, activities=25, attendances=160, awards=12, items=6, slips=60)


async def test_an_empty_bank_has_nothing(database: Database) -> None:
    bank = await new_office(database)
    found = await database.read(bank, totals)
    assert not any(found.values())
    assert "points_expired" in found
    assert not [key for key in found if key.startswith(("stars", "annual"))]


async def test_what_no_job_has_counted_is_left_out(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    generator.write(tmp_path / "small.xlsx", generator.district(53, SIZE))
    expected = oracle.expected(tmp_path / "small.xlsx")
    await take_in(database, bank, tmp_path / "small.xlsx")
    found = await database.read(bank, totals)
    assert {key: found[key] for key in expected if key in found} == {
        key: value for key, value in expected.items() if "_at_" not in key and key in found
    }
    assert found["points_expired"] == 0
    assert found["points_outstanding"] == expected["points_issued"] - expected["points_spent"]  # type: ignore[operator]  # JSON


async def test_what_was_reversed_counts_no_longer(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    generator.write(tmp_path / "small.xlsx", generator.district(53, SIZE))
    await take_in(database, bank, tmp_path / "small.xlsx")
    before = await database.read(bank, totals)

    async def latest_redemption(tx: ReadTx) -> tuple[int, int, int]:
        row = await tx.connection.fetchrow(
            "select t.id, sum(p.amount) filter (where u.code = 'point') as points,"
            " sum(p.amount) filter (where u.code <> 'point') as pieces"
            " from transactions t join postings p on p.bank_id = $1 and p.transaction_id = t.id"
            " join units u on u.bank_id = $1 and u.id = p.unit_id"
            " where t.bank_id = $1 and t.kind = 'redemption' and t.refusal is null group by 1 order by 1 desc limit 1",
            tx.bank_id,
        )
        assert row is not None
        return row["id"], int(row["points"]), int(row["pieces"])

    id_, points, pieces = await database.read(bank, latest_redemption)
    draft = reversal(
        "r", transaction_id=id_, effective_at=NOW, actor="test", grace_on=NEW_YEAR.replace(month=6)
    )
    (outcome,) = await database.write(bank, lambda tx: post(tx, [draft]))
    assert isinstance(outcome, Posted)
    after = await database.read(bank, totals)
    changed = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert changed == {
        key: (before[key], before[key] + by)  # type: ignore[operator]  # JSON
        for key, by in (
            ("redemptions_done", -1),
            ("points_spent", -points),
            ("goods_handed_out", -pieces),
            ("points_outstanding", points),
        )
    }
    await close_year(database, bank)
    await assert_sound(database, bank)
