"""What logins leave behind goes when nobody needs it, and not before."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.login.codes import make_code
from timebank.login.links import make_login_link
from timebank.login.sessions import Begun, begin_session, end_sessions, refresh_session
from timebank.login.sweeping import sweep_logins
from timebank.vault.blind import BlindIndex

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
NOTHING: frozenset[str] = frozenset()
TABLES = ("login_codes", "login_links", "refresh_tokens", "sessions")


async def _counts(database: Database, bank: Bank, at: datetime) -> tuple[int, ...]:
    async def work(tx: WriteTx) -> tuple[int, ...]:
        await sweep_logins(tx, now=at)
        return tuple(
            [
                await tx.connection.fetchval(f"select count(*) from {table} where bank_id = $1", tx.bank_id)
                for table in TABLES
            ]
        )

    return await database.write(bank, work)


async def _person(tx: WriteTx) -> UUID:
    id_ = uuid4()
    await tx.connection.execute("insert into people (bank_id, id) values ($1, $2)", tx.bank_id, id_)
    return id_


async def test_each_in_its_time(database: Database, bank: Bank) -> None:
    async def begin(tx: WriteTx) -> tuple[UUID, Begun]:
        person = await _person(tx)
        await make_code(tx, BlindIndex(b"v" * 32), phone="19900000001", now=NOON)
        await make_login_link(tx, person, now=NOON, lifetime=timedelta(minutes=10))
        return person, await begin_session(
            tx, person_id=person, method="code", client="other", strong=NOTHING, now=NOON
        )

    person, begun = await database.write(bank, begin)
    assert await _counts(database, bank, NOON + timedelta(days=2)) == (1, 1, 1, 1)
    assert await _counts(database, bank, NOON + timedelta(days=3)) == (0, 0, 1, 1)

    later = NOON + timedelta(days=20)

    async def carry_on(tx: WriteTx) -> None:
        assert await refresh_session(tx, token=begun.refresh_token, strong=NOTHING, now=later)

    await database.write(bank, carry_on)
    assert await _counts(database, bank, later + timedelta(days=30)) == (0, 0, 2, 1)
    # Used thirty days ago and more; its successor is late, but not for so long.
    assert await _counts(database, bank, later + timedelta(days=31)) == (0, 0, 1, 1)

    await database.write(
        bank, lambda tx: end_sessions(tx, owner_id=person, reason="logout", now=later + timedelta(days=1))
    )
    assert await _counts(database, bank, later + timedelta(days=33)) == (0, 0, 0, 1)
    assert await _counts(database, bank, later + timedelta(days=190)) == (0, 0, 0, 0)
