"""Volunteers who serve: credited records of a grade in the books, and a policy in which an hour is a star."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from ledger.holds import reversal
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place, Posted
from tests.api.cast import Cast
from timebank.database import Bank, Database
from timebank.jobs.running import run_now
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack, default_pack
from timebank.stars.queries import stars_of

STEPS = (1, 2, 5)
SPRING = datetime(2026, 3, 5, 4, tzinfo=UTC)

_ACTIVITY = """
insert into activities (bank_id, code, name, category, place, leader_code, starts_at, ends_at, is_volunteer_service,
  rest_minutes, difficulty_permille)
values ($1, $2, '测试', '', '', '', $3, $4, true, 0, 1000) returning id
"""
_RECORD = """
insert into service_records (bank_id, activity_id, volunteer_id, check_in_at, check_out_at, minutes, points,
  policy_version, outcome, grade, state)
select $1, $2, v.id, $4, $5, $6, 0, 1, 'accepted', $7, 'credited'
from volunteers v where v.bank_id = $1 and v.owner = $3 returning id
"""
_CREDITED = "update service_records set credited_transaction_id = $3 where bank_id = $1 and id = $2"


def pack(*steps: int) -> PolicyPack:
    """Return a pack with stars at so many hours; grade E counts for none."""
    return default_pack().model_copy(update={"star_hours": steps or STEPS, "annual_hours": (1,)})


async def adopt_stars(
    database: Database, bank: Bank, *steps: int, effective_from: date = date(2025, 1, 1)
) -> None:
    """Adopt that pack from a day on."""
    await database.write(
        bank, lambda tx: adopt(tx, pack(*steps), effective_from=effective_from, actor="test")
    )


async def serve(
    tx: WriteTx, person_id: UUID, minutes: int, *, at: datetime = SPRING, grade: str | None = "B"
) -> int:
    """Credit minutes of a record of a grade, or of none at all with the grade `-`; return the transaction."""
    metadata, record_id, key = {}, None, f"{person_id} {at} {minutes} {grade}"
    if grade != "-":
        ends_at = at + timedelta(minutes=minutes)
        activity_id = await tx.connection.fetchval(_ACTIVITY, tx.bank_id, key, at, ends_at)
        record_id = await tx.connection.fetchval(
            _RECORD, tx.bank_id, activity_id, person_id, at, ends_at, minutes, grade
        )
        metadata = {"record": record_id}
    move = Move(Place(ISSUANCE), Place(WALLET, person_id), "minute", minutes)
    (done,) = await post(tx, [Draft("credit", key, at, "test", (move,), metadata=metadata)])
    assert isinstance(done, Posted)
    if record_id is not None:
        await tx.connection.execute(_CREDITED, tx.bank_id, record_id, done.transaction_id)
    return done.transaction_id


async def take_back(tx: WriteTx, transaction_id: int, *, at: datetime) -> None:
    """Reverse a credit."""
    draft = reversal(f"back {transaction_id}", transaction_id=transaction_id, effective_at=at, actor="test")
    (done,) = await post(tx, [draft])
    assert isinstance(done, Posted)


async def recognise(
    database: Database, bank: Bank, as_of: date, *, on: date | None = None
) -> dict[str, object]:
    """Run the job for a day on the morning of that day, or of another."""
    morning = datetime.combine(on or as_of, datetime.min.time(), bank.zone) + timedelta(hours=3)
    return await run_now(database, bank, "recognise", as_of=as_of, now=morning)


async def star_of(database: Database, cast: Cast, name: str) -> int:
    """Return somebody's star."""

    async def work(tx: ReadTx) -> int:
        volunteer_id = await tx.connection.fetchval(
            "select id from volunteers where bank_id = $1 and owner = $2", tx.bank_id, cast.people[name]
        )
        found = await stars_of(tx, [volunteer_id])
        return found[volunteer_id].star if found else 0

    return await database.read(cast.bank, work)
